package org.espalier.io.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.espalier.io.PictureOptions;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.io.Pictures;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Reads a folder with a sub-folder of PNG or JPEG pictures for each class, sorted by name.
 *
 * <p>All pictures are read at once, one byte a channel, so a damaged file is found before training
 * begins. Hidden files are passed over; any other file in a class folder is an error.
 */
public final class ImageFolder {
  private ImageFolder() {}

  /**
   * Reads a folder; its sub-folders are the classes.
   *
   * @param options how a file becomes a picture; without a size, all must have the size of the
   *     first
   */
  public static Dataset read(Path folder, PictureOptions options) throws IOException {
    List<String> classNames = list(folder, true).stream().map(ImageFolder::name).toList();
    return read(folder, classNames, options);
  }

  /**
   * Reads a folder whose classes are known, as those of a test set are from the training set; a
   * class may have no folder, but no folder may be without a class.
   */
  public static Dataset read(Path folder, List<String> classNames, PictureOptions options)
      throws IOException {
    requirePlainFolder(folder);
    List<Path> files = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    for (Path classFolder : list(folder, true)) {
      int label = classNames.indexOf(name(classFolder));
      if (label < 0) {
        throw new FormatException(classFolder + ": is no class; the classes are " + classNames);
      }
      for (Path file : pictures(classFolder)) {
        files.add(file);
        labels.add(label);
      }
    }
    if (files.isEmpty()) {
      throw new FormatException(
          folder + ": holds no pictures; expected a sub-folder of pictures for each class");
    }
    return decode(
        files, labels.stream().mapToInt(Integer::intValue).toArray(), classNames, options);
  }

  private static void requirePlainFolder(Path folder) throws IOException {
    for (Path file : list(folder, false)) {
      if (isPicture(file)) {
        throw new FormatException(
            file + ": lies beside the class folders; put it into the folder of its class");
      }
    }
  }

  private static List<Path> pictures(Path classFolder) throws IOException {
    List<Path> files = list(classFolder, false);
    for (Path file : files) {
      if (!isPicture(file)) {
        throw new FormatException(file + ": is no .png, .jpg or .jpeg picture; move it elsewhere");
      }
    }
    List<Path> folders = list(classFolder, true);
    if (!folders.isEmpty()) {
      throw new FormatException(
          folders.get(0) + ": a folder inside the folder of a class; classes do not nest");
    }
    if (files.isEmpty()) {
      throw new FormatException(classFolder + ": the folder of a class holds no pictures");
    }
    return files;
  }

  private static boolean isPicture(Path file) {
    return name(file).toLowerCase(Locale.ROOT).matches(".+\\.(png|jpg|jpeg)");
  }

  private static String name(Path path) {
    return path.getFileName().toString();
  }

  /** Lists folders or files that are not hidden, sorted by name. */
  private static List<Path> list(Path folder, boolean folders) throws IOException {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new NotDirectoryException(folder.toString());
    }
    try (var paths = Files.list(folder)) {
      return paths
          .filter(path -> !name(path).startsWith("."))
          .filter(path -> Files.isDirectory(path) == folders)
          .sorted((a, b) -> name(a).compareTo(name(b)))
          .toList();
    }
  }

  private static Dataset decode(
      List<Path> files, int[] labels, List<String> classNames, PictureOptions options)
      throws IOException {
    Shape shape = Pictures.read(files.get(0), options).shape();
    PictureOptions sized =
        options.height() > 0 ? options : options.sized(shape.size(0), shape.size(1), Resize.REFUSE);
    byte[][] pixels = new byte[files.size()][];
    try {
      IntStream.range(0, pixels.length)
          .parallel()
          .forEach(i -> pixels[i] = bytes(files.get(i), sized));
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    }
    return new MemoryDataset(shape, classNames, pixels, labels);
  }

  private static byte[] bytes(Path file, PictureOptions options) {
    try {
      Tensor picture = Pictures.read(file, options);
      byte[] bytes = new byte[picture.count()];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) Math.round(255 * picture.f32()[i]);
      }
      return bytes;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
