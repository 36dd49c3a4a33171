package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.ResNet;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  private static final String SPEC = "espalier.architecture";
  private static final String META = "espalier.meta";
  private static final String VERSION = "espalier.format_version";

  @TempDir private Path folder;

  private final Module model = ResNet.cifar(8, 4).initialize(5);

  private Path file() {
    return folder.resolve("model.safetensors");
  }

  private Snapshot snapshot(Map<String, Object> meta) {
    model.parameter("conv1.weight").slot("momentum");
    return Snapshot.of(model, meta, Map.of("epoch", 3L));
  }

  /** Rewrites the texts of a saved file. */
  private Path changed(UnaryOperator<Map<String, String>> change) throws IOException {
    Checkpoint.save(file(), snapshot(Map.of("seed", 1L)));
    try (SafeTensors open = SafeTensors.open(file())) {
      Map<String, String> metadata = change.apply(new LinkedHashMap<>(open.metadata()));
      Path changed = folder.resolve("changed.safetensors");
      SafeTensors.write(changed, metadata, open.readAll());
      return changed;
    }
  }

  private static Map<String, String> with(Map<String, String> metadata, String key, String text) {
    metadata.put(key, text);
    return metadata;
  }

  private static String refusal(Path file) {
    String message = assertThrows(FormatException.class, () -> Checkpoint.model(file)).getMessage();
    assertTrue(message.contains(file.toString()), message);
    return message;
  }

  @Test
  void everyBitComesBack() throws IOException {
    Map<String, Object> meta = new LinkedHashMap<>();
    List<Double> doubles =
        List.of(
            0.1, -0.0, Math.nextUp(1.0), Double.MIN_VALUE, Double.NEGATIVE_INFINITY, Double.NaN);
    meta.put("doubles", doubles);
    meta.put("nested", Map.of("texts", List.of("a\"b\\", "ü"), "count", 1L << 60));
    Snapshot saved = snapshot(meta);
    Checkpoint.save(file(), saved);
    Snapshot loaded = Checkpoint.load(file());
    assertEquals(saved.spec(), loaded.build().spec());
    assertEquals(meta, loaded.meta());
    assertEquals(saved.training(), loaded.training());
    assertEquals(saved.state().keySet(), loaded.state().keySet());
    saved.state().forEach((k, v) -> assertTrue(v.bitEquals(loaded.state().get(k)), k));
    assertEquals(saved.slots().keySet(), loaded.slots().keySet());
    saved.slots().forEach((k, v) -> assertTrue(v.bitEquals(loaded.slots().get(k)), k));
    Module built = Checkpoint.model(file());
    model.state().forEach((k, v) -> assertTrue(v.raw().bitEquals(built.parameter(k).raw()), k));
  }

  @Test
  void sameContentsAreTheSameBytes() throws IOException {
    Checkpoint.save(file(), snapshot(Map.of("a", 0.5)));
    byte[] first = Files.readAllBytes(file());
    Checkpoint.save(file(), Checkpoint.load(file()));
    assertArrayEquals(first, Files.readAllBytes(file()));
  }

  @Test
  void anUnknownTypeIsNamedWithTheWayOut() throws IOException {
    Path changed =
        changed(
            m -> with(m, SPEC, m.get(SPEC).replaceFirst("\"type\":\"\\w+\"", "\"type\":\"odd\"")));
    String message = refusal(changed);
    assertTrue(message.contains("'odd'"), message);
    assertTrue(message.contains("jar"), message);
  }

  @Test
  void aLaterVersionIsRefused() throws IOException {
    for (String version : List.of("2", "0", "-1", "99999999999", "one", "")) {
      String message = refusal(changed(m -> with(m, VERSION, version)));
      assertTrue(message.contains("format version " + version), message);
    }
  }

  @Test
  void bareWeightsAreToldFromCheckpoints() throws IOException {
    SafeTensors.write(file(), Map.of(), Map.of("weight", Tensor.zeros(3)));
    assertFalse(Checkpoint.isCheckpoint(file()));
    assertTrue(refusal(file()).contains("bare tensors"), refusal(file()));
    assertTrue(Checkpoint.isCheckpoint(changed(m -> m)));
  }

  @Test
  void hostileRecordsAreRefusedInOrder() throws IOException {
    Path saved = changed(m -> m);
    String spec;
    try (SafeTensors open = SafeTensors.open(saved)) {
      spec = open.metadata().get(SPEC);
    }
    List<String> hostile =
        new ArrayList<>(
            List.of(
                "",
                "[]",
                "null",
                "{}",
                "{\"type\":3}",
                "{\"type\":\"sequential\",\"children\":[]}",
                "{\"type\":\"sequential\",\"children\":{\"a\":7}}",
                "[".repeat(100_000),
                "{\"type\":\"shared\"}",
                "{\"type\":\"shared\",\"options\":{\"path\":\"x\"}}",
                spec.substring(0, spec.length() / 2),
                "{\"type\":\"java.lang.Runtime\"}"));
    String[] values = {"\"text\"", "null", "-1", "1e300", "[]", "{}", "2147483647"};
    // Every option in turn becomes something it must not be.
    Matcher number = Pattern.compile("(?<=:)\\d+").matcher(spec);
    for (int i = 0; number.find() && i < 60; i++) {
      hostile.add(
          spec.substring(0, number.start())
              + values[i % values.length]
              + spec.substring(number.end()));
    }
    List<String> wrong = new ArrayList<>();
    for (String text : hostile) {
      Path changed = changed(m -> with(m, SPEC, text));
      try {
        Checkpoint.model(changed);
        if (!spec.contains("shared") && text.length() < 60) {
          wrong.add("accepted: " + text);
        }
      } catch (IllegalArgumentException | StateException refused) {
        assertFalse(String.valueOf(refused.getMessage()).isBlank());
      } catch (RuntimeException | Error failure) {
        int at = text.length() > 200 ? differs(spec, text) : 0;
        wrong.add(
            failure
                + " by ..."
                + text.substring(Math.max(0, at - 80), Math.min(text.length(), at + 40)));
      }
    }
    assertEquals(List.of(), wrong);
    assertTrue(refusal(changed(m -> with(m, META, "{\"a\":"))).contains(META));
    assertTrue(refusal(changed(m -> with(m, META, "{\"a\":{\"double\":\"x\"}}"))).contains("'x'"));
  }

  private static int differs(String a, String b) {
    return Math.max(0, Arrays.mismatch(a.toCharArray(), b.toCharArray()));
  }

  @Test
  void aFailureWhileSavingLeavesTheOldFileAndNothingElse() throws IOException {
    Checkpoint.save(file(), snapshot(Map.of()));
    byte[] before = Files.readAllBytes(file());
    Map<String, Object> unwritable = Map.of("a", new Object());
    assertThrows(RuntimeException.class, () -> Checkpoint.save(file(), snapshot(unwritable)));
    IOException full = new IOException("no space left on device");
    assertThrows(
        IOException.class,
        () ->
            AtomicFile.writeDurably(
                file(),
                out -> {
                  out.write(new byte[100]);
                  throw full;
                }));
    assertArrayEquals(before, Files.readAllBytes(file()));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file()), files.toList());
    }
  }

  @Test
  void aFolderKeepsSnapshotsByName() {
    Snapshot.Store store = Checkpoint.folder(folder.resolve("new/snapshots"));
    assertFalse(store.has("last"));
    assertThrows(UncheckedIOException.class, () -> store.load("last"));
    store.save("last", snapshot(Map.of()));
    assertTrue(store.has("last"));
    assertEquals(3L, store.load("last").training().get("epoch"));
  }

  @Test
  void tensorsOfATrainingRecordComeBackWithEveryBit() throws IOException {
    Tensor regressor = Tensor.of(Shape.of(4), 1.5f, -0f, Float.MIN_VALUE, 3e38f);
    Map<String, Object> hint = Map.of("weight", regressor, "steps", 7L);
    Map<String, Object> training =
        Map.of("states", Map.of("distillation", Map.of("hint", hint)), "rate", 0.1);
    Snapshot taken = Snapshot.of(model, Map.of(), training);
    regressor.set(0, 9);

    Checkpoint.save(file(), taken);

    Map<?, ?> states = (Map<?, ?>) Checkpoint.load(file()).training().get("states");
    Map<?, ?> loaded = (Map<?, ?>) ((Map<?, ?>) states.get("distillation")).get("hint");
    assertArrayEquals(
        new float[] {1.5f, -0f, Float.MIN_VALUE, 3e38f}, ((Tensor) loaded.get("weight")).f32());
    assertEquals(7L, loaded.get("steps"));
    assertEquals(model.state().keySet(), Checkpoint.load(file()).state().keySet());
  }

  @Test
  void aRecordThatNamesAMissingTensorIsRefused() throws IOException {
    Path changed =
        changed(
            metadata ->
                with(metadata, "espalier.training", "{\"hint\":{\"tensor\":\"training:hint\"}}"));

    FormatException refused = assertThrows(FormatException.class, () -> Checkpoint.load(changed));

    assertTrue(refused.getMessage().contains("training:hint"), refused.getMessage());
  }
}
