package org.espalier.io;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Tensor;

/**
 * Reads and writes NPZ files: zip archives of {@link Npy} arrays by name. Nothing is unpacked to
 * disk.
 *
 * <p>Refused are archives with two entries of a name, with entries that are no arrays, and with
 * names that would leave a folder.
 */
public final class Npz {
  private static final String SUFFIX = ".npy";

  /** No deflated byte stands for more than this many; the bound on what an entry may claim. */
  private static final long LARGEST_INFLATION = 1032;

  private static final LocalDateTime SAME_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private Npz() {}

  /** Reads all arrays, in the order of the archive; names come without {@code .npy}. */
  public static Map<String, Tensor> read(Path file) throws IOException {
    if (!Files.isReadable(file) || !Files.isRegularFile(file)) {
      throw new FileSystemException(file.toString(), null, "no such file, or not readable");
    }
    try (ZipFile zip = new ZipFile(file.toFile())) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (Map.Entry<String, ZipEntry> entry : entries(file, zip).entrySet()) {
        tensors.put(entry.getKey(), read(file, zip, entry.getValue()));
      }
      return tensors;
    } catch (FileSystemException | FormatException known) {
      throw known;
    } catch (IOException | IllegalArgumentException damage) {
      throw new FormatException(
          file + ": damaged or cut short, or no zip archive (" + damage.getMessage() + ")", damage);
    }
  }

  private static Map<String, ZipEntry> entries(Path file, ZipFile zip) {
    Map<String, ZipEntry> entries = new LinkedHashMap<>();
    for (ZipEntry entry : Collections.list(zip.entries())) {
      if (entries.put(name(file, entry.getName()), entry) != null) {
        throw new FormatException(file + ": the entry '" + entry.getName() + "' comes twice");
      }
    }
    return entries;
  }

  private static Tensor read(Path file, ZipFile zip, ZipEntry entry) throws IOException {
    String where = file + "!" + entry.getName();
    CRC32 checksum = new CRC32();
    try (InputStream in =
        new BufferedInputStream(new CheckedInputStream(zip.getInputStream(entry), checksum))) {
      long most = Math.min(entry.getCompressedSize(), Files.size(file)) * LARGEST_INFLATION;
      Tensor tensor = Npy.read(in, where, most);
      if (checksum.getValue() != entry.getCrc()) {
        throw new FormatException(where + ": damaged (its checksum differs)");
      }
      return tensor;
    }
  }

  private static String name(Path file, String entry) {
    if (!entry.endsWith(SUFFIX)) {
      throw new FormatException(
          file + ": the entry '" + entry + "' is no array (its name does not end in .npy)");
    }
    String name = entry.substring(0, entry.length() - SUFFIX.length());
    if (!isPlain(name)) {
      throw new FormatException(
          file + ": the entry '" + entry + "' has a name that would leave its folder");
    }
    return name;
  }

  /** Tells whether a name stays below its folder on every system. */
  private static boolean isPlain(String name) {
    // A colon is common in the names of other libraries; only a drive letter is not.
    if (name.indexOf('\\') >= 0 || name.matches("[A-Za-z]:.*")) {
      return false;
    }
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return false;
      }
    }
    return true;
  }

  /**
   * Writes an archive, deflated, which appears whole or not at all; equal tensors give equal bytes.
   *
   * @param file replaced
   * @param tensors arrays by name
   */
  public static void write(Path file, Map<String, Tensor> tensors) throws IOException {
    for (String name : tensors.keySet()) {
      if (!isPlain(name)) {
        throw new IllegalArgumentException(
            "npz: '" + name + "' cannot name an array: names stay below their folder");
      }
    }
    AtomicFile.write(
        file,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          for (Map.Entry<String, Tensor> named : tensors.entrySet()) {
            ZipEntry entry = new ZipEntry(named.getKey() + SUFFIX);
            entry.setTimeLocal(SAME_TIME);
            zip.putNextEntry(entry);
            Npy.write(named.getValue(), zip);
            zip.closeEntry();
          }
          zip.finish();
        });
  }
}
