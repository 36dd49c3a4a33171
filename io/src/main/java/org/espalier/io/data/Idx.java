package org.espalier.io.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;

/**
 * Reads idx files, the form of MNIST and its relatives: {@code train-images-idx3-ubyte} and so on,
 * plain or gzip.
 *
 * <p>Layout, big-endian: two zero bytes, type (8 = unsigned byte, the only one read), number of
 * axes, one 32-bit size an axis, then the values.
 */
public final class Idx {
  private static final int UNSIGNED_BYTE = 8;
  private static final int LARGEST_PICTURE = 1 << 24;
  private static final int LARGEST_COUNT = 1 << 28;

  private Idx() {}

  /** Reads the training set of a folder: {@code train-images*} and {@code train-labels*}. */
  public static Dataset training(Path folder) throws IOException {
    return read(folder, "train");
  }

  /** Reads the test set of a folder: {@code t10k-images*} and {@code t10k-labels*}. */
  public static Dataset test(Path folder) throws IOException {
    return read(folder, "t10k");
  }

  /**
   * Reads a pair of files.
   *
   * @param images three axes {@code [n, h, w]}, or four {@code [n, h, w, c]}
   * @param labels one axis {@code [n]}
   * @param classNames the names of the classes, or an empty list for numbers from 0 to the largest
   *     label
   */
  public static Dataset read(Path images, Path labels, List<String> classNames) throws IOException {
    int[] classes = labels(labels);
    List<String> names =
        classNames.isEmpty() ? numbers(Arrays.stream(classes).max().orElse(0)) : classNames;
    for (int i = 0; i < classes.length; i++) {
      if (classes[i] >= names.size()) {
        throw new FormatException(
            labels
                + ": label "
                + i
                + ": got "
                + classes[i]
                + ", expected a class from 0 to "
                + (names.size() - 1));
      }
    }
    return Compressed.read(images, in -> images(images, in, labels, classes, names));
  }

  private static Dataset read(Path folder, String prefix) throws IOException {
    // Both label files are read, so that both parts agree on the classes.
    int largest = 0;
    for (String part : List.of("train", "t10k")) {
      Path labels = find(folder, part + "-labels");
      if (labels != null) {
        largest = Math.max(largest, Arrays.stream(labels(labels)).max().orElse(0));
      }
    }
    return read(
        require(folder, prefix + "-images"), require(folder, prefix + "-labels"), numbers(largest));
  }

  private static List<String> numbers(int largest) {
    return IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList();
  }

  private static Path require(Path folder, String prefix) throws IOException {
    Path file = find(folder, prefix);
    if (file == null) {
      throw new NoSuchFileException(
          folder.resolve(prefix + "-idx?-ubyte[.gz]").toString(), null, "no such idx file");
    }
    return file;
  }

  private static Path find(Path folder, String prefix) throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .filter(file -> file.getFileName().toString().contains("ubyte"))
          .min(Path::compareTo)
          .orElse(null);
    }
  }

  private static int[] labels(Path file) throws IOException {
    return Compressed.read(
        file,
        in -> {
          int count = header(file, in, 1, 1)[0];
          byte[] bytes = in.readNBytes(count);
          int[] labels = new int[bytes.length];
          for (int i = 0; i < labels.length; i++) {
            labels[i] = bytes[i] & 0xFF;
          }
          requireWhole(file, in, "labels", labels.length, count);
          return labels;
        });
  }

  private static Dataset images(
      Path file, InputStream in, Path labelFile, int[] labels, List<String> names)
      throws IOException {
    int[] sizes = header(file, in, 3, 4);
    if (sizes[0] != labels.length) {
      throw new FormatException(
          file
              + ": holds "
              + sizes[0]
              + " pictures, "
              + labelFile
              + " "
              + labels.length
              + " labels");
    }
    int channels = sizes.length == 4 ? sizes[3] : 1;
    long bytes = pictureBytes(sizes[1], sizes[2], channels);
    if (bytes < 1 || bytes > LARGEST_PICTURE) {
      throw new FormatException(
          file
              + ": byte 8: got pictures of "
              + sizes[1]
              + "x"
              + sizes[2]
              + "x"
              + channels
              + ", expected 1 to "
              + LARGEST_PICTURE
              + " bytes");
    }
    List<byte[]> pictures = new ArrayList<>();
    byte[] picture;
    while (pictures.size() < sizes[0] && (picture = in.readNBytes((int) bytes)).length == bytes) {
      pictures.add(picture);
    }
    requireWhole(file, in, "pictures", pictures.size(), sizes[0]);
    return new MemoryDataset(
        Shape.of(sizes[1], sizes[2], channels), names, pictures.toArray(byte[][]::new), labels);
  }

  /** Returns the product, or -1 where it is too large for a long. */
  private static long pictureBytes(int height, int width, int channels) {
    long pixels = (long) height * width;
    return pixels > LARGEST_PICTURE ? -1 : pixels * channels;
  }

  private static int[] header(Path file, InputStream in, int fewest, int most) throws IOException {
    byte[] magic = in.readNBytes(4);
    if (magic.length < 4 || magic[0] != 0 || magic[1] != 0) {
      throw new FormatException(
          file + ": byte 0: not an idx file (it must begin with two zero bytes, type and rank)");
    }
    if (magic[2] != UNSIGNED_BYTE) {
      throw new FormatException(
          file + ": byte 2: got type " + (magic[2] & 0xFF) + ", expected 8 (unsigned byte)");
    }
    if (magic[3] < fewest || magic[3] > most) {
      throw new FormatException(
          file
              + ": byte 3: got "
              + (magic[3] & 0xFF)
              + " axes, expected "
              + (fewest == most ? "" + most : fewest + " or " + most));
    }
    int[] sizes = new int[magic[3]];
    for (int axis = 0; axis < sizes.length; axis++) {
      sizes[axis] = size(file, in, axis);
    }
    return sizes;
  }

  private static int size(Path file, InputStream in, int axis) throws IOException {
    byte[] bytes = in.readNBytes(4);
    int size = 0;
    for (byte value : bytes) {
      size = size << 8 | value & 0xFF;
    }
    if (bytes.length < 4 || size < 0 || size > LARGEST_COUNT) {
      throw new FormatException(
          file
              + ": byte "
              + (4 + 4 * axis)
              + ": size of axis "
              + axis
              + (bytes.length < 4 ? " is cut short" : " is " + Integer.toUnsignedString(size))
              + ", expected 0 to "
              + LARGEST_COUNT);
    }
    return size;
  }

  private static void requireWhole(Path file, InputStream in, String what, int got, int expected)
      throws IOException {
    if (got < expected) {
      throw new FormatException(
          file + ": cut short: got " + got + " " + what + ", the header says " + expected);
    }
    if (in.read() >= 0) {
      throw new FormatException(
          file + ": bytes behind the " + expected + " " + what + " that the header says");
    }
  }
}
