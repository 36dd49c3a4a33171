package org.espalier.io.data;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;

/**
 * Draws a data set, so that everything runs without a download: pictures of 32x32 RGB pixels, each
 * with one of ten shapes in any rotation, at varying size and place.
 *
 * <p>Colours of shape and background are drawn independently of the class; strokes and blobs lie
 * behind the shape, often a stroke in front of it, and noise over all. A linear classifier fails on
 * it, a small residual network does not. Picture i is a pure function of (seed, part, i); its class
 * is {@code i mod 10}.
 */
public final class Shapes {
  private static final int SIDE = 32;
  private static final double NOISE = 0.04;

  private Shapes() {}

  /** Draws the first {@code count} pictures of the training part. */
  public static Dataset training(long seed, int count) {
    return draw(seed, "training", count);
  }

  /** Draws the first {@code count} pictures of the test part. */
  public static Dataset test(long seed, int count) {
    return draw(seed, "test", count);
  }

  private static Dataset draw(long seed, String part, int count) {
    if (count < 0) {
      throw new IllegalArgumentException("shapes: count must be at least 0, got " + count);
    }
    Random random = Random.of(seed).stream("shapes").stream(part);
    Outline[] outlines = Outline.values();
    byte[][] pictures = new byte[count][];
    IntStream.range(0, count)
        .parallel()
        .forEach(i -> pictures[i] = picture(outlines[i % outlines.length], random.at(i)));
    int[] labels = IntStream.range(0, count).map(i -> i % outlines.length).toArray();
    return new MemoryDataset(Shape.of(SIDE, SIDE, 3), classNames(), pictures, labels);
  }

  /** Returns the names of the ten classes. */
  public static List<String> classNames() {
    return Arrays.stream(Outline.values()).map(Outline::label).toList();
  }

  private static byte[] picture(Outline outline, Random random) {
    Draw draw = new Draw(random.stream("draw"));
    Canvas canvas = new Canvas(SIDE);
    double[] background = draw.colour();
    canvas.gradient(draw.near(background, 0.12), draw.near(background, 0.12));
    double[] colour = draw.colourFarFrom(background);

    for (int strokes = draw.integer(1, 3); strokes > 0; strokes--) {
      canvas.paint(stroke(draw, draw.between(0.4, 0.8)), draw.colour());
    }
    for (int blobs = draw.integer(0, 2); blobs > 0; blobs--) {
      canvas.paint(blob(draw), draw.colour());
    }
    canvas.paint(shape(outline, draw), colour);
    if (draw.between(0, 1) < 0.4) {
      canvas.paint(stroke(draw, draw.between(0.5, 1)), draw.colour());
    }
    Random noise = random.stream("noise");
    return canvas.develop(i -> NOISE * bell(noise.bits(i)));
  }

  private static Canvas.Area shape(Outline outline, Draw draw) {
    double radius = draw.between(9, 13);
    double reach = SIDE / 2.0 - 0.9 * radius;
    double centreX = SIDE / 2.0 + draw.between(-reach, reach);
    double centreY = SIDE / 2.0 + draw.between(-reach, reach);
    double angle = draw.between(0, 2 * Math.PI);
    double cos = StrictMath.cos(angle) / radius;
    double sin = StrictMath.sin(angle) / radius;
    return (x, y) -> {
      double dx = x - centreX;
      double dy = y - centreY;
      return radius * outline.distance(cos * dx + sin * dy, cos * dy - sin * dx);
    };
  }

  private static Canvas.Area stroke(Draw draw, double halfWidth) {
    double ax = draw.between(0, SIDE);
    double ay = draw.between(0, SIDE);
    double angle = draw.between(0, 2 * Math.PI);
    double length = draw.between(6, 18);
    double bx = ax + length * StrictMath.cos(angle);
    double by = ay + length * StrictMath.sin(angle);
    return (x, y) -> Math.sqrt(Outline.segment(x, y, ax, ay, bx, by)) - halfWidth;
  }

  private static Canvas.Area blob(Draw draw) {
    double centreX = draw.between(0, SIDE);
    double centreY = draw.between(0, SIDE);
    double radius = draw.between(1, 2.2);
    return (x, y) ->
        Math.sqrt((x - centreX) * (x - centreX) + (y - centreY) * (y - centreY)) - radius;
  }

  /**
   * Returns nearly normal noise of unit variance from 64 random bits: the sum of four uniform
   * numbers, which needs no logarithm and so has the same bits on every machine.
   */
  private static double bell(long bits) {
    long sum = (bits & 0xFFFF) + (bits >>> 16 & 0xFFFF) + (bits >>> 32 & 0xFFFF) + (bits >>> 48);
    return (sum / 65535.0 - 2) * Math.sqrt(3);
  }

  /** Draws the numbers of one picture in order. */
  private static final class Draw {
    private static final double LEAST_CONTRAST = 0.6;

    private final Random random;
    private long next;

    Draw(Random random) {
      this.random = random;
    }

    double between(double low, double high) {
      return low + (high - low) * random.uniform(next++);
    }

    int integer(int least, int most) {
      return least + random.integer(next++, most - least + 1);
    }

    double[] colour() {
      return new double[] {between(0, 1), between(0, 1), between(0, 1)};
    }

    double[] near(double[] colour, double reach) {
      double[] other = new double[colour.length];
      for (int i = 0; i < other.length; i++) {
        other[i] = Math.max(0, Math.min(1, colour[i] + between(-reach, reach)));
      }
      return other;
    }

    double[] colourFarFrom(double[] colour) {
      double[] other;
      double squares;
      do {
        other = colour();
        squares = 0;
        for (int i = 0; i < other.length; i++) {
          squares += (other[i] - colour[i]) * (other[i] - colour[i]);
        }
      } while (squares < LEAST_CONTRAST * LEAST_CONTRAST);
      return other;
    }
  }
}
