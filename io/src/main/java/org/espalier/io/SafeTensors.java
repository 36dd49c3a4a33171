package org.espalier.io;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Reads and writes safetensors files: named tensors and a map of texts, without code.
 *
 * <p>Layout: the header's length (64 bits, little-endian), the header (JSON: name to element type,
 * shape and place), the elements, little-endian and row-major. The whole header is checked when a
 * file is opened; tensors are read when asked for. F64, F32, I32 and I8 are read as they are; F16
 * and BF16 become F32, BOOL and the other integers I32, exactly, and a value that does not fit is
 * an error. An open file may be read by several threads.
 */
public final class SafeTensors implements Closeable {
  private static final int LARGEST_HEADER = 100_000_000;
  private static final int PREFIX = 8;

  private final Path file;
  private final FileChannel channel;
  private final SafeTensorsHeader header;
  private final long dataStart;

  private SafeTensors(Path file, FileChannel channel) throws IOException {
    this.file = file;
    this.channel = channel;
    long size = channel.size();
    int length = headerLength(size);
    this.dataStart = PREFIX + (long) length;
    ByteBuffer bytes = ByteBuffer.allocate(length);
    readFully(bytes, PREFIX);
    this.header =
        SafeTensorsHeader.parse(
            file.toString(), Json.decode(file.toString(), bytes.array()), size - dataStart);
  }

  /** Opens a file and checks its header. */
  public static SafeTensors open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file);
    try {
      return new SafeTensors(file, channel);
    } catch (IOException | RuntimeException | Error problem) {
      channel.close();
      throw problem;
    }
  }

  /** Reads all tensors of a file, in the order of its header. */
  public static Map<String, Tensor> read(Path file) throws IOException {
    try (SafeTensors open = open(file)) {
      return open.readAll();
    }
  }

  private int headerLength(long size) throws IOException {
    if (size < PREFIX) {
      throw new FormatException(
          file + ": has " + size + " bytes, expected at least the 8 of the header's length");
    }
    ByteBuffer prefix = ByteBuffer.allocate(PREFIX).order(ByteOrder.LITTLE_ENDIAN);
    readFully(prefix, 0);
    long length = prefix.getLong(0);
    if (length < 0 || length > LARGEST_HEADER) {
      throw new FormatException(
          file
              + ": byte 0: got a header of "
              + Long.toUnsignedString(length)
              + " bytes, expected at most "
              + LARGEST_HEADER);
    }
    if (length > size - PREFIX) {
      throw new FormatException(
          file
              + ": byte 0: got a header of "
              + length
              + " bytes, but only "
              + (size - PREFIX)
              + " follow");
    }
    return (int) length;
  }

  private void readFully(ByteBuffer into, long position) throws IOException {
    for (long at = position; into.hasRemaining(); ) {
      int got = channel.read(into, at);
      if (got < 0) {
        throw new EOFException(file + ": ends at byte " + at + " while it is being read");
      }
      at += got;
    }
  }

  /** Returns the names of the tensors, in the order of the header. */
  public Set<String> names() {
    return Collections.unmodifiableSet(header.entries().keySet());
  }

  /** Returns the texts that the file carries, in the order of the header. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  /** Returns the shape of a tensor without reading it. */
  public Shape shape(String name) {
    return entry(name).shape();
  }

  /** Reads a tensor. */
  public Tensor read(String name) throws IOException {
    SafeTensorsHeader.Entry entry = entry(name);
    long[] position = {dataStart + entry.begin()};
    return TensorBytes.read(
        into -> {
          int wanted = into.remaining();
          readFully(into, position[0]);
          position[0] += wanted;
        },
        entry.type(),
        ByteOrder.LITTLE_ENDIAN,
        entry.shape(),
        file + ": tensor '" + name + "'");
  }

  /** Reads all tensors, in the order of the header. */
  public Map<String, Tensor> readAll() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (String name : names()) {
      tensors.put(name, read(name));
    }
    return tensors;
  }

  private SafeTensorsHeader.Entry entry(String name) {
    SafeTensorsHeader.Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new IllegalArgumentException(
          file + ": has no tensor '" + name + "'; it holds " + names());
    }
    return entry;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /**
   * Writes a file, which appears whole or not at all.
   *
   * @param file replaced
   * @param metadata texts by name
   * @param tensors tensors by name; the header keeps their order
   */
  public static void write(Path file, Map<String, String> metadata, Map<String, Tensor> tensors)
      throws IOException {
    List<Map.Entry<String, Tensor>> inFile = new ArrayList<>(tensors.entrySet());
    // Wide elements first, so that every tensor begins at a multiple of its element's size.
    inFile.sort(Comparator.comparing(named -> -named.getValue().dtype().bytes()));
    byte[] header = header(metadata, tensors, inFile);
    AtomicFile.writeDurably(
        file,
        out -> {
          ByteBuffer prefix = ByteBuffer.allocate(PREFIX).order(ByteOrder.LITTLE_ENDIAN);
          out.write(prefix.putLong(0, header.length).array());
          out.write(header);
          for (Map.Entry<String, Tensor> named : inFile) {
            TensorBytes.write(named.getValue(), out);
          }
        });
  }

  private static byte[] header(
      Map<String, String> metadata,
      Map<String, Tensor> tensors,
      List<Map.Entry<String, Tensor>> inFile) {
    Map<String, Object> header = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      header.put("__metadata__", metadata);
    }
    tensors.keySet().forEach(name -> header.put(name, null));
    long position = 0;
    for (Map.Entry<String, Tensor> named : inFile) {
      Tensor tensor = named.getValue();
      if (named.getKey().equals("__metadata__")) {
        throw new IllegalArgumentException("safetensors: no tensor may be named __metadata__");
      }
      long end = position + (long) tensor.count() * tensor.dtype().bytes();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", tensor.dtype().name());
      entry.put("shape", Arrays.stream(tensor.shape().sizes()).boxed().toList());
      entry.put("data_offsets", List.of(position, end));
      header.put(named.getKey(), entry);
      position = end;
    }
    String text = Json.write(header);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    // Spaces up to a multiple of eight, as the format recommends, keep the elements aligned.
    byte[] padded = Arrays.copyOf(bytes, (bytes.length + 7) / 8 * 8);
    Arrays.fill(padded, bytes.length, padded.length, (byte) ' ');
    return padded;
  }
}
