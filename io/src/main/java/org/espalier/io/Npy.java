package org.espalier.io;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Reads and writes NPY files, NumPy's format for one array (versions 1.0, 2.0 and 3.0; either byte
 * order, either element order).
 *
 * <p>f8, f4, i4 and i1 are read as they are; f2 becomes F32, the other integers and truth values
 * I32, exactly, and a value that does not fit is an error. Texts, dates, complex numbers, objects
 * (pickles) and structures are refused.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LONGEST_HEADER = 1 << 16;
  private static final int ALIGNMENT = 64;

  private Npy() {}

  /** Reads a file. */
  public static Tensor read(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      return read(in, file.toString(), Files.size(file));
    }
  }

  /** Writes a file, which appears whole or not at all. */
  public static void write(Path file, Tensor tensor) throws IOException {
    AtomicFile.write(file, out -> write(tensor, out));
  }

  /**
   * Reads one array, which must end where the stream ends.
   *
   * @param in not closed
   * @param where names the file in messages
   * @param mostBytes what the stream may hold at most; nothing larger is allocated
   */
  static Tensor read(InputStream in, String where, long mostBytes) throws IOException {
    NpyHeader header = header(in, where);
    long bytes = (long) header.shape().count() * header.type().bytes();
    if (bytes > mostBytes) {
      throw new FormatException(
          where
              + ": shape "
              + header.shape()
              + " of "
              + header.type()
              + " needs "
              + bytes
              + " bytes, the file holds at most "
              + mostBytes);
    }
    Shape stored = header.fortranOrder() ? reversed(header.shape()) : header.shape();
    Tensor tensor =
        TensorBytes.read(
            into -> readFully(in, into, where), header.type(), header.order(), stored, where);
    if (in.read() >= 0) {
      throw new FormatException(where + ": more bytes behind the array");
    }
    return header.fortranOrder() ? TensorBytes.reverseAxes(tensor) : tensor;
  }

  private static Shape reversed(Shape shape) {
    int[] sizes = new int[shape.rank()];
    Arrays.setAll(sizes, axis -> shape.size(sizes.length - 1 - axis));
    return Shape.of(sizes);
  }

  private static void readFully(InputStream in, ByteBuffer into, String where) throws IOException {
    int wanted = into.remaining();
    int got = in.readNBytes(into.array(), into.position(), wanted);
    if (got < wanted) {
      throw new FormatException(where + ": cut short, the array lacks bytes");
    }
    into.position(into.limit());
  }

  private static NpyHeader header(InputStream in, String where) throws IOException {
    byte[] magic = in.readNBytes(MAGIC.length + 2);
    if (magic.length < MAGIC.length + 2 || !Arrays.equals(Arrays.copyOf(magic, 6), MAGIC)) {
      throw new FormatException(where + ": not an NPY file (it must begin with \\x93NUMPY)");
    }
    int major = magic[6];
    if (major < 1 || major > 3 || magic[7] != 0) {
      throw new FormatException(
          where + ": got version " + major + "." + magic[7] + ", expected 1.0, 2.0 or 3.0");
    }
    byte[] size = in.readNBytes(major == 1 ? 2 : 4);
    long length = 0;
    for (int i = size.length - 1; i >= 0; i--) {
      length = length << 8 | size[i] & 0xFF;
    }
    if (length > LONGEST_HEADER) {
      throw new FormatException(
          where + ": got a header of " + length + " bytes, expected at most " + LONGEST_HEADER);
    }
    byte[] text = in.readNBytes((int) length);
    if (size.length < (major == 1 ? 2 : 4) || text.length < length) {
      throw new FormatException(where + ": cut short in the header");
    }
    return NpyHeader.parse(
        where,
        major == 3 ? Json.decode(where, text) : new String(text, StandardCharsets.ISO_8859_1));
  }

  /** Writes one array, version 1.0, row-major, little-endian. */
  static void write(Tensor tensor, OutputStream out) throws IOException {
    String sizes =
        Arrays.stream(tensor.shape().sizes())
            .mapToObj(size -> size + ",")
            .collect(Collectors.joining(" ", "(", ")"));
    String text =
        "{'descr': '"
            + descr(tensor.dtype())
            + "', 'fortran_order': False, 'shape': "
            + sizes
            + ", }";
    int fixed = MAGIC.length + 4;
    int padded = (fixed + text.length() + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    ByteBuffer header = ByteBuffer.allocate(padded).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (padded - fixed));
    header.put(text.getBytes(StandardCharsets.US_ASCII));
    Arrays.fill(header.array(), header.position(), padded - 1, (byte) ' ');
    header.array()[padded - 1] = '\n';
    out.write(header.array());
    TensorBytes.write(tensor, out);
  }

  private static String descr(DType dtype) {
    return switch (dtype) {
      case F32 -> "<f4";
      case F64 -> "<f8";
      case I32 -> "<i4";
      case I8 -> "|i1";
    };
  }
}
