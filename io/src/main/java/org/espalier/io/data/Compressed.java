package org.espalier.io.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.StateException;
import org.tukaani.xz.XZInputStream;

/**
 * Opens a file that may be compressed; gzip and xz are known by their first bytes, whatever the
 * name says.
 */
final class Compressed {
  private static final byte[] GZIP = {0x1F, (byte) 0x8B};
  private static final byte[] XZ = {(byte) 0xFD, '7', 'z', 'X', 'Z', 0};
  private static final int BUFFER = 1 << 16;

  /** A damaged dictionary size must not ask for the whole heap. */
  private static final int XZ_MEMORY_KIB = 256 * 1024;

  private Compressed() {}

  /** Reads something from an open file. */
  @FunctionalInterface
  interface Reading<T> {
    /** Returns what was read. */
    T from(InputStream in) throws IOException;
  }

  /**
   * Opens a file, reads from it and closes it. Damage that the decompressor finds becomes a {@link
   * FormatException}; a file that cannot be opened stays an {@link IOException}.
   */
  static <T> T read(Path file, Reading<T> reading) throws IOException {
    try (InputStream in = open(file)) {
      return reading.from(in);
    } catch (FileSystemException unreachable) {
      throw unreachable;
    } catch (IOException damage) {
      throw new FormatException(
          file + ": damaged or cut short (" + damage.getMessage() + ")", damage);
    }
  }

  private static InputStream open(Path file) throws IOException {
    InputStream plain = new BufferedInputStream(Files.newInputStream(file), BUFFER);
    try {
      plain.mark(XZ.length);
      byte[] head = plain.readNBytes(XZ.length);
      plain.reset();
      if (startsWith(head, GZIP)) {
        return new BufferedInputStream(new GZIPInputStream(plain, BUFFER), BUFFER);
      }
      return startsWith(head, XZ) ? new BufferedInputStream(xz(file, plain), BUFFER) : plain;
    } catch (IOException | RuntimeException problem) {
      plain.close();
      throw problem;
    }
  }

  private static InputStream xz(Path file, InputStream plain) throws IOException {
    try {
      return new XZInputStream(plain, XZ_MEMORY_KIB);
    } catch (NoClassDefFoundError missing) {
      throw new StateException(
          file
              + ": is compressed by xz, and the library org.tukaani:xz is not on the class or module"
              + " path; add it, or unpack the file");
    }
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    for (int i = 0; i < prefix.length; i++) {
      if (i >= bytes.length || bytes[i] != prefix[i]) {
        return false;
      }
    }
    return true;
  }
}
