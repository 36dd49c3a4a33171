package org.espalier.io.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.tensor.FormatException;

/**
 * Reads CIFAR-10 and CIFAR-100 in their binary version: a folder of {@code .bin}, {@code .bin.gz}
 * or {@code .bin.xz} files, any subset of them, or the official {@code .tar.gz}, which is read as a
 * stream.
 *
 * <p>A record is the label (CIFAR-100: coarse, then fine), then 1,024 red, 1,024 green and 1,024
 * blue bytes, row by row; pictures come out channels last, {@code [32, 32, 3]}. Class names are
 * read from {@code batches.meta.txt} or {@code *_label_names.txt} where they lie beside the
 * records, else they are the official ones.
 */
public final class Cifar {
  private static final Pattern BATCH = Pattern.compile("(.+)\\.bin(\\.gz|\\.xz)?");
  private static final Comparator<String> BATCH_ORDER =
      Comparator.comparing(String::length).thenComparing(Comparator.naturalOrder());
  private static final int LONGEST_NAMES = 1 << 16;

  private Cifar() {}

  /**
   * Reads the training set: {@code data_batch_*.bin*} in the order of their names (CIFAR-100:
   * {@code train.bin*}).
   *
   * @param source a folder or a tar archive
   */
  public static Dataset training(Path source, CifarLabels labels) throws IOException {
    return read(folderIn(source, labels), labels, labels.isCifar10() ? "data_batch_\\d+" : "train");
  }

  /**
   * Reads the test set: {@code test_batch.bin*} (CIFAR-100: {@code test.bin*}); where a folder has
   * none, all its {@code test*.bin*}.
   *
   * @param source a folder or a tar archive
   */
  public static Dataset test(Path source, CifarLabels labels) throws IOException {
    Path inner = folderIn(source, labels);
    String official = labels.isCifar10() ? "test_batch" : "test";
    boolean other = Files.isDirectory(inner) && batches(inner, official).isEmpty();
    return read(inner, labels, other ? "test.*" : official);
  }

  /** Reads one file of records, plain or compressed. */
  public static Dataset file(Path file, CifarLabels labels) throws IOException {
    CifarRecords records = new CifarRecords(labels);
    records.addFile(file);
    return records.toDataset(names(file.toAbsolutePath().getParent(), labels));
  }

  /** Returns the folder as the archive unpacks it, if it lies in the given one. */
  private static Path folderIn(Path source, CifarLabels labels) {
    Path unpacked = source.resolve(labels.folder());
    return Files.isDirectory(unpacked) ? unpacked : source;
  }

  private static Dataset read(Path source, CifarLabels labels, String batchName)
      throws IOException {
    if (!Files.isDirectory(source)) {
      return Compressed.read(source, in -> archive(source, in, labels, batchName));
    }
    List<Path> files = batches(source, batchName);
    if (files.isEmpty()) {
      throw new NoSuchFileException(
          source.resolve(readable(batchName)).toString(), null, "no such CIFAR file");
    }
    CifarRecords records = new CifarRecords(labels);
    for (Path file : files) {
      records.addFile(file);
    }
    return records.toDataset(names(source, labels));
  }

  private static String readable(String batchName) {
    return batchName.replace("\\d+", "*") + ".bin";
  }

  /** Lists the files with such a name, one for each name: plain before .gz before .xz. */
  private static List<Path> batches(Path folder, String batchName) throws IOException {
    Map<String, Path> chosen = new TreeMap<>(BATCH_ORDER);
    try (var files = Files.list(folder)) {
      files
          .filter(file -> stem(file.getFileName().toString()).matches(batchName))
          .sorted()
          .forEach(file -> chosen.putIfAbsent(stem(file.getFileName().toString()), file));
    }
    return List.copyOf(chosen.values());
  }

  /** Returns the file's name without .bin and compression, or nothing for other files. */
  private static String stem(String fileName) {
    Matcher matcher = BATCH.matcher(fileName);
    return matcher.matches() ? matcher.group(1) : "";
  }

  private static List<String> names(Path folder, CifarLabels labels) throws IOException {
    Path file = folder.resolve(labels.namesFile());
    if (!Files.isRegularFile(file)) {
      return labels.officialNames();
    }
    try (InputStream in = Files.newInputStream(file)) {
      return names(file.toString(), in.readNBytes(LONGEST_NAMES), labels);
    }
  }

  private static List<String> names(String where, byte[] text, CifarLabels labels) {
    List<String> names =
        new String(text, StandardCharsets.UTF_8)
            .lines()
            .map(String::strip)
            .filter(Predicate.not(String::isEmpty))
            .toList();
    if (names.size() != labels.classes()) {
      throw new FormatException(
          where + ": got " + names.size() + " class names, expected " + labels.classes());
    }
    return names;
  }

  private static Dataset archive(Path file, InputStream in, CifarLabels labels, String batchName)
      throws IOException {
    in.mark(Tar.BLOCK);
    boolean isTar = Tar.isHeader(in.readNBytes(Tar.BLOCK));
    in.reset();
    if (!isTar) {
      throw new FormatException(
          file + ": neither a folder nor a tar archive; give a single file of records as such");
    }
    // The official archive holds its batches out of order.
    Map<String, CifarRecords> parts = new TreeMap<>(BATCH_ORDER);
    List<String> names = labels.officialNames();
    Tar tar = new Tar(file, in);
    for (String entry = tar.next(); entry != null; entry = tar.next()) {
      String name = entry.substring(entry.lastIndexOf('/') + 1);
      String where = file + "!" + entry;
      if (stem(name).matches(batchName)) {
        CifarRecords records = new CifarRecords(labels);
        records.addAll(where, tar.content());
        if (parts.put(stem(name), records) != null) {
          throw new FormatException(where + ": a second file of this name in the archive");
        }
      } else if (name.equals(labels.namesFile())) {
        names = names(where, tar.content().readNBytes(LONGEST_NAMES), labels);
      }
    }
    if (parts.isEmpty()) {
      throw new FormatException(file + ": holds no file " + readable(batchName));
    }
    CifarRecords all = new CifarRecords(labels);
    parts.values().forEach(all::addAll);
    return all.toDataset(names);
  }
}
