package org.espalier.cli;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.espalier.io.PictureOptions;
import org.espalier.io.PictureOptions.Alpha;
import org.espalier.io.PictureOptions.Colour;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.io.data.Dataset;
import org.espalier.tensor.Shape;
import picocli.CommandLine.Option;

/** The options that name data, shared by the commands that read some. */
final class DataOptions {
  private static final int LARGEST_SIDE = 4096;

  @Option(
      names = "--data",
      paramLabel = "SOURCE",
      description =
          "shapes (drawn on the fly, the default), idx:DIR, cifar10:DIR, cifar100:DIR or images:DIR.")
  String data = "shapes";

  @Option(
      names = "--test",
      paramLabel = "SOURCE",
      description =
          "Test samples from elsewhere, such as cifar10:test_half_a.bin.gz; by default those of --data.")
  String test;

  @Option(
      names = "--colour",
      description = "How image files are read: ${COMPLETION-CANDIDATES} (default: rgb).")
  Colour colour;

  @Option(
      names = "--size",
      paramLabel = "HxW",
      description = "The size image files are brought to (default: 32x32).")
  String size;

  @Option(
      names = "--resize",
      description =
          "What happens to image files of another size: ${COMPLETION-CANDIDATES} (default: refuse).")
  Resize resize;

  /** Refuses options that are wrong, or that say something about files that are not read. */
  void check() {
    source();
    DataSource other = test == null ? source() : DataSource.parse("--test", test, pictures());
    boolean arePictures = source().isPictures() || other.isPictures();
    if (!arePictures && (colour != null || size != null || resize != null)) {
      throw new IllegalArgumentException(
          "--colour, --size and --resize are for image files, got --data " + data);
    }
  }

  /** Returns the source of training samples, and of test samples unless --test names another. */
  DataSource source() {
    return DataSource.parse("--data", data, pictures());
  }

  /** Reads the test samples. */
  Dataset test() throws IOException {
    return test == null
        ? source().test()
        : DataSource.parse("--test", test, pictures()).allForTest();
  }

  /** Tells whether the test samples are a share of one folder of pictures. */
  boolean isSplitForTest() {
    return test == null && source().isSplitForTest();
  }

  private PictureOptions pictures() {
    String wanted = size == null ? "32x32" : size.toLowerCase(Locale.ROOT);
    if (!wanted.matches("[1-9]\\d{0,3}x[1-9]\\d{0,3}")) {
      throw new IllegalArgumentException("--size must look like 32x32, got '" + size + "'");
    }
    String[] sides = wanted.split("x");
    int height = Integer.parseInt(sides[0]);
    int width = Integer.parseInt(sides[1]);
    if (Math.max(height, width) > LARGEST_SIDE) {
      throw new IllegalArgumentException(
          "--size takes sides up to " + LARGEST_SIDE + ", got '" + size + "'");
    }
    return PictureOptions.of(colour == null ? Colour.RGB : colour)
        .with(Alpha.ON_WHITE)
        .sized(height, width, resize == null ? Resize.REFUSE : resize);
  }

  /** Refuses data whose samples or classes are not what a model takes and names. */
  static void checkFits(Dataset data, Shape input, List<String> classNames) {
    if (!data.sampleShape().equals(input)) {
      throw new IllegalArgumentException(
          "the model takes samples "
              + input
              + ", the data has "
              + data.sampleShape()
              + " (height, width, channels)");
    }
    if (!data.classNames().equals(classNames)) {
      throw new IllegalArgumentException(
          "the model tells %s, the data has %s"
              .formatted(described(classNames), described(data.classNames())));
    }
  }

  private static String described(List<String> classNames) {
    int shown = Math.min(classNames.size(), 10);
    return classNames.size()
        + " classes ("
        + String.join(", ", classNames.subList(0, shown))
        + (shown < classNames.size() ? ", ..." : "")
        + ")";
  }
}
