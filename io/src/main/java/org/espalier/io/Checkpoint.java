package org.espalier.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.Spec;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Tensor;

/**
 * Saves and loads a model, or a whole run, as one file: plain safetensors whose metadata hold the
 * architecture, the format version and everything a user of the model needs. Loading names no class
 * and runs none that the file names.
 *
 * <p>Tensors are channels-last, under their dotted paths; optimizer slots are {@code path#slot},
 * tensors of the training record {@code training:path}. Any safetensors reader can open the file.
 */
public final class Checkpoint {
  /** The version that {@link #save} writes; files of earlier versions stay readable. */
  public static final int FORMAT_VERSION = 1;

  private static final String VERSION = "espalier.format_version";
  private static final String SPEC = "espalier.architecture";
  private static final String META = "espalier.meta";
  private static final String TRAINING = "espalier.training";
  private static final char SLOT = '#';

  private Checkpoint() {}

  /** Writes a snapshot; the file appears whole or not at all. */
  public static void save(Path file, Snapshot snapshot) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(VERSION, String.valueOf(FORMAT_VERSION));
    metadata.put(SPEC, Json.write(SpecJson.toJson(snapshot.spec())));
    metadata.put(META, Json.write(ExactNumbers.encode(snapshot.meta())));
    Map<String, Tensor> tensors = new LinkedHashMap<>(snapshot.state());
    tensors.putAll(snapshot.slots());
    Map<String, Object> training =
        RecordTensors.extract(RecordTensors.TRAINING, snapshot.training(), tensors);
    metadata.put(TRAINING, Json.write(ExactNumbers.encode(training)));
    SafeTensors.write(file, metadata, tensors);
  }

  /** Reads a snapshot; {@link Snapshot#build} makes the model. */
  public static Snapshot load(Path file) throws IOException {
    try (SafeTensors open = SafeTensors.open(file)) {
      Map<String, String> metadata = open.metadata();
      checkVersion(file, metadata);
      Map<String, Tensor> state = new LinkedHashMap<>();
      Map<String, Tensor> slots = new LinkedHashMap<>();
      Map<String, Tensor> recorded = new LinkedHashMap<>();
      for (String name : open.names()) {
        Map<String, Tensor> kind =
            name.startsWith(RecordTensors.TRAINING)
                ? recorded
                : name.indexOf(SLOT) < 0 ? state : slots;
        kind.put(name, open.read(name));
      }
      return new Snapshot(
          spec(file, metadata),
          state,
          slots,
          RecordTensors.resolve(file + ": " + TRAINING, record(file, metadata, TRAINING), recorded),
          record(file, metadata, META));
    }
  }

  /** Loads the model of a file, ready to use. */
  public static Module model(Path file) throws IOException {
    Snapshot snapshot = load(file);
    try {
      return snapshot.build();
    } catch (FormatException e) {
      throw new FormatException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Restores the values of a file into a model made by the caller, such as a class of one's own; it
   * is modified.
   */
  public static void into(Path file, Module model) throws IOException {
    load(file).restore(model);
  }

  /** Tells whether a file is a checkpoint of ours rather than bare weights. */
  public static boolean isCheckpoint(Path file) throws IOException {
    try (SafeTensors open = SafeTensors.open(file)) {
      return open.metadata().containsKey(SPEC);
    }
  }

  private static void checkVersion(Path file, Map<String, String> metadata) {
    String version = metadata.get(VERSION);
    if (version == null || !metadata.containsKey(SPEC)) {
      throw new FormatException(
          file
              + ": holds bare tensors and no architecture; give the model with --model, or load it as weights");
    }
    if (!version.matches("\\d{1,9}")
        || Integer.parseInt(version) < 1
        || Integer.parseInt(version) > FORMAT_VERSION) {
      throw new FormatException(
          file
              + ": has format version "
              + version
              + ", this Espalier reads 1 to "
              + FORMAT_VERSION
              + "; use a newer one");
    }
  }

  private static Spec spec(Path file, Map<String, String> metadata) {
    return SpecJson.fromJson(
        file + ": " + SPEC, Json.readObject(file + ": " + SPEC, metadata.get(SPEC)));
  }

  private static Map<String, Object> record(Path file, Map<String, String> metadata, String key) {
    String text = metadata.get(key);
    return text == null
        ? Map.of()
        : ExactNumbers.decode(file + ": " + key, Json.readObject(file + ": " + key, text));
  }

  /**
   * Keeps snapshots as files {@code NAME.safetensors} in a folder, which is made when first needed.
   */
  public static Snapshot.Store folder(Path folder) {
    return new Folder(folder);
  }

  private record Folder(Path folder) implements Snapshot.Store {
    private Path file(String name) {
      return folder.resolve(name + ".safetensors");
    }

    @Override
    public void save(String name, Snapshot snapshot) {
      try {
        Files.createDirectories(folder);
        Checkpoint.save(file(name), snapshot);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Snapshot load(String name) {
      try {
        return Checkpoint.load(file(name));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public boolean has(String name) {
      return Files.isRegularFile(file(name));
    }
  }
}
