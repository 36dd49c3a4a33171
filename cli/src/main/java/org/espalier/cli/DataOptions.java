package org.espalier.cli;

import java.io.IOException;
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
  Colour colour = Colour.RGB;

  @Option(
      names = "--size",
      paramLabel = "HxW",
      description = "The size image files are brought to (default: 32x32).")
  String size = "32x32";

  @Option(
      names = "--resize",
      description =
          "What happens to image files of another size: ${COMPLETION-CANDIDATES} (default: refuse).")
  Resize resize = Resize.REFUSE;

  /** Returns the source of training samples, and of test samples unless --test names another. */
  DataSource source() {
    return DataSource.parse(data, pictures());
  }

  /** Reads the test samples. */
  Dataset test() throws IOException {
    return (test == null ? source() : DataSource.parse(test, pictures())).test();
  }

  private PictureOptions pictures() {
    if (!size.toLowerCase(Locale.ROOT).matches("\\d{1,5}x\\d{1,5}")) {
      throw new IllegalArgumentException("--size must look like 32x32, got '" + size + "'");
    }
    String[] sides = size.toLowerCase(Locale.ROOT).split("x");
    return PictureOptions.of(colour)
        .with(Alpha.ON_WHITE)
        .sized(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]), resize);
  }

  /** Refuses data whose samples are not what a model takes. */
  static void checkFits(Dataset data, Shape input) {
    if (!data.sampleShape().equals(input)) {
      throw new IllegalArgumentException(
          "the model takes samples "
              + input
              + ", the data has "
              + data.sampleShape()
              + " (height, width, channels)");
    }
  }
}
