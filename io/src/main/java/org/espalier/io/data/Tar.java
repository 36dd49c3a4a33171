package org.espalier.io.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.espalier.tensor.FormatException;

/**
 * Reads a tar archive (POSIX ustar, GNU and pax) as a stream of regular files; nothing is unpacked
 * to disk, so names are only compared.
 */
final class Tar {
  /** The size of a header, and what contents are padded to. */
  static final int BLOCK = 512;

  private static final int NAME = 100;
  private static final int SIZE = 124;
  private static final int CHECKSUM = 148;
  private static final int TYPE = 156;
  private static final int LONGEST_NAME = 1 << 16;

  private final Path file;
  private final InputStream in;
  private long position;
  private long contentEnd;
  private long blocksEnd;
  private String longName;

  /** Creates the reader over a decompressed stream; {@code file} is for messages. */
  Tar(Path file, InputStream in) {
    this.file = file;
    this.in = in;
  }

  /** Tells whether the first block of a file is a tar header. */
  static boolean isHeader(byte[] block) {
    return block.length == BLOCK && block[0] != 0 && checksumFits(block);
  }

  /** Moves to the next regular file and returns its name, or null at the end of the archive. */
  String next() throws IOException {
    while (true) {
      skipTo(blocksEnd);
      byte[] header = in.readNBytes(BLOCK);
      if (header.length == 0 || isZero(header)) {
        return null;
      }
      long at = position;
      position += header.length;
      if (!isHeader(header)) {
        throw new FormatException(file + ": byte " + at + ": not a tar header (checksum differs)");
      }
      String regular = enter(header, at);
      if (regular != null) {
        return regular;
      }
    }
  }

  /** Returns the bytes of the file that {@link #next} moved to; valid until the next move. */
  InputStream content() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        int wanted = (int) Math.min(length, contentEnd - position);
        if (wanted == 0) {
          return length == 0 ? 0 : -1;
        }
        int got = in.read(bytes, offset, wanted);
        if (got < 0) {
          throw new EOFException("the archive ends inside a file, at byte " + position);
        }
        position += got;
        return got;
      }
    };
  }

  private String enter(byte[] header, long at) throws IOException {
    long size = octal(header, at);
    contentEnd = position + size;
    blocksEnd = position + (size + BLOCK - 1) / BLOCK * BLOCK;
    switch (header[TYPE]) {
      case 0, '0' -> {
        String name = longName != null ? longName : text(header, 0, NAME);
        longName = null;
        return name;
      }
      case 'L' -> longName = longName(size);
      default -> {}
    }
    return null;
  }

  private String longName(long size) throws IOException {
    if (size > LONGEST_NAME) {
      throw new FormatException(
          file + ": a name of " + size + " bytes, expected at most " + LONGEST_NAME);
    }
    byte[] bytes = content().readAllBytes();
    return text(bytes, 0, bytes.length);
  }

  private long octal(byte[] header, long at) {
    String digits = text(header, SIZE, 12).trim();
    if (!digits.matches("[0-7]{1,11}")) {
      throw new FormatException(
          file + ": byte " + (at + SIZE) + ": got size '" + digits + "', expected octal digits");
    }
    return Long.parseLong(digits, 8);
  }

  private void skipTo(long end) throws IOException {
    in.skipNBytes(end - position);
    position = end;
  }

  private static boolean isZero(byte[] block) {
    for (byte value : block) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean checksumFits(byte[] header) {
    int sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      // The checksum field itself counts as eight spaces.
      sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : header[i] & 0xFF;
    }
    String digits = text(header, CHECKSUM, 8).trim();
    return digits.matches("[0-7]{1,7}") && Integer.parseInt(digits, 8) == sum;
  }

  private static String text(byte[] bytes, int from, int length) {
    int end = from;
    while (end < from + length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, from, end - from, StandardCharsets.UTF_8);
  }
}
