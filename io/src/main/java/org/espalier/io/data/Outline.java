package org.espalier.io.data;

import java.util.Locale;

/**
 * Names the drawn shapes and gives their signed distances: negative inside, in units of the shape's
 * radius, the shape lying inside the unit circle.
 */
enum Outline {
  CIRCLE {
    @Override
    double distance(double x, double y) {
      return Math.sqrt(x * x + y * y) - 0.85;
    }
  },
  RING {
    @Override
    double distance(double x, double y) {
      return Math.abs(Math.sqrt(x * x + y * y) - 0.7) - 0.2;
    }
  },
  SQUARE {
    @Override
    double distance(double x, double y) {
      return box(x, y, 0.7, 0.7);
    }
  },
  TRIANGLE {
    private final double[] corners = star(3, 1, 0.5);

    @Override
    double distance(double x, double y) {
      return polygon(x, y, corners);
    }
  },
  STAR {
    private final double[] corners = star(5, 1, 0.4);

    @Override
    double distance(double x, double y) {
      return polygon(x, y, corners);
    }
  },
  CROSS {
    @Override
    double distance(double x, double y) {
      return Math.min(box(x, y, 0.95, 0.27), box(x, y, 0.27, 0.95));
    }
  },
  CRESCENT {
    @Override
    double distance(double x, double y) {
      double disc = Math.sqrt(x * x + y * y) - 0.95;
      double bite = Math.sqrt((x - 0.5) * (x - 0.5) + y * y) - 0.75;
      return Math.max(disc, -bite);
    }
  },
  ARROW {
    private final double[] corners = {
      1, 0, 0.15, 0.75, 0.15, 0.28, -0.95, 0.28, -0.95, -0.28, 0.15, -0.28, 0.15, -0.75
    };

    @Override
    double distance(double x, double y) {
      return polygon(x, y, corners);
    }
  },
  ZIGZAG {
    private final double[] bends = {-0.78, 0.36, -0.39, -0.36, 0, 0.36, 0.39, -0.36, 0.78, 0.36};

    @Override
    double distance(double x, double y) {
      double nearest = Double.MAX_VALUE;
      for (int i = 0; i + 3 < bends.length; i += 2) {
        nearest =
            Math.min(nearest, segment(x, y, bends[i], bends[i + 1], bends[i + 2], bends[i + 3]));
      }
      return Math.sqrt(nearest) - 0.14;
    }
  },
  HOURGLASS {
    private final double[] corners = {-0.7, -0.7, 0.7, -0.7, 0.1, 0, 0.7, 0.7, -0.7, 0.7, -0.1, 0};

    @Override
    double distance(double x, double y) {
      return polygon(x, y, corners);
    }
  };

  /** Returns the signed distance of a point from the outline. */
  abstract double distance(double x, double y);

  /** Returns the name of the class. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns corners x, y of a star that alternates between two radii. */
  private static double[] star(int points, double outer, double inner) {
    double[] corners = new double[4 * points];
    for (int i = 0; i < 2 * points; i++) {
      double radius = i % 2 == 0 ? outer : inner;
      // StrictMath gives the same bits everywhere, so the pictures are the same everywhere.
      corners[2 * i] = radius * StrictMath.cos(Math.PI * i / points);
      corners[2 * i + 1] = radius * StrictMath.sin(Math.PI * i / points);
    }
    return corners;
  }

  private static double box(double x, double y, double halfWidth, double halfHeight) {
    return Math.max(Math.abs(x) - halfWidth, Math.abs(y) - halfHeight);
  }

  private static double polygon(double x, double y, double... corners) {
    double nearest = Double.MAX_VALUE;
    boolean inside = false;
    for (int i = 0, j = corners.length - 2; i < corners.length; j = i, i += 2) {
      double ax = corners[j];
      double ay = corners[j + 1];
      double bx = corners[i];
      double by = corners[i + 1];
      nearest = Math.min(nearest, segment(x, y, ax, ay, bx, by));
      if (ay > y != by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) {
        inside = !inside;
      }
    }
    return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
  }

  /** Returns the squared distance of a point from the segment a-b. */
  static double segment(double x, double y, double ax, double ay, double bx, double by) {
    double dx = bx - ax;
    double dy = by - ay;
    double along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy);
    along = Math.max(0, Math.min(1, along));
    double offX = x - ax - along * dx;
    double offY = y - ay - along * dy;
    return offX * offX + offY * offY;
  }
}
