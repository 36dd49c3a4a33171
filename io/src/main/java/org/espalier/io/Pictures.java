package org.espalier.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Reads PNG and JPEG pictures into tensors; a runtime without the module {@code java.desktop} gets
 * an error that says so.
 *
 * <p>Values are the file's samples, scaled to 0..1: no colour profile, gamma or orientation tag is
 * applied.
 */
public final class Pictures {
  private static final long MOST_BYTES = 1L << 30;

  private Pictures() {}

  /** Reads a picture file into F32 {@code [h, w, c]}, values 0 to 1. */
  public static Tensor read(Path file, PictureOptions options) throws IOException {
    requireDesktop(file);
    long size = Files.size(file);
    if (size > MOST_BYTES) {
      throw new FormatException(
          file + ": has " + size + " bytes, expected a picture of at most " + MOST_BYTES);
    }
    return read(file.toString(), Files.readAllBytes(file), options);
  }

  /**
   * Reads a picture from the bytes of a file.
   *
   * @param where names the picture in messages
   */
  public static Tensor read(String where, byte[] bytes, PictureOptions options) {
    requireDesktop(where);
    Tensor picture = PictureDecoder.decode(where, bytes, options);
    return options.height() == 0
        ? picture
        : PictureResize.to(picture, options.height(), options.width(), options.resize(), where);
  }

  private static void requireDesktop(Object where) {
    if (ModuleLayer.boot().findModule("java.desktop").isEmpty()) {
      throw new StateException(
          where
              + ": reading pictures needs the module java.desktop, which this Java runtime lacks;"
              + " use a full runtime (or --add-modules java.desktop), or a data set of another form");
    }
  }
}
