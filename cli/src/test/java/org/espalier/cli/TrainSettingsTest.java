package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.cli.recipe.TechniqueWords;
import org.espalier.io.Checkpoint;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.FormatException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainSettingsTest {
  @TempDir private Path folder;

  private static TrainSettings settings(String test, String resize, long seed) {
    return new TrainSettings(
        "images:a",
        test,
        null,
        "8x8",
        resize,
        "flip",
        7,
        0.1,
        test == null
            ? new StartingPoint("resnet8", null, null)
            : new StartingPoint("resnet8", "w.safetensors", "imagenet"),
        12,
        0.1 + 0.2,
        3,
        64,
        "rls:momentum=0.5",
        1e-3,
        5e-4,
        new TechniqueWords("sfp:0.4", "none", "none", test, test),
        seed);
  }

  @Test
  void settingsComeBackFromAFileAsTheyWere() throws IOException {
    Path file = folder.resolve("last.safetensors");
    for (TrainSettings settings :
        new TrainSettings[] {
          settings(null, null, Long.MIN_VALUE), settings("images:b", "PAD", 9007199254740993L)
        }) {
      Map<String, Object> meta = new LinkedHashMap<>();
      settings.addTo(meta);
      Checkpoint.save(file, Snapshot.of(new Linear(1, 1).initialize(1), meta));
      assertEquals(settings, TrainSettings.from(Checkpoint.load(file).meta()));
    }
  }

  @Test
  void dataOptionsFollowFromThem() {
    DataOptions options = settings("images:b", "PAD", 1).dataOptions();
    assertEquals(Resize.PAD, options.resize);
    assertEquals("images:b", options.test);
    assertEquals(null, options.colour);
  }

  @Test
  void recordsOfOthersAreRefused() {
    assertThrows(FormatException.class, () -> TrainSettings.from(Map.of()));
    Map<String, Object> meta = new LinkedHashMap<>();
    meta.put("train_settings", Map.of("data", "shapes"));
    String message =
        assertThrows(FormatException.class, () -> TrainSettings.from(meta)).getMessage();
    assertTrue(message.contains("'augment'"), message);
  }

  /** As snapshots were before recipes: underscores, and empty texts for what was not set. */
  @Test
  void settingsOfEarlierSnapshotsAreUnderstood() {
    Map<String, Object> now = new LinkedHashMap<>();
    settings(null, null, 5).addTo(now);
    String key = now.keySet().iterator().next();
    Map<String, Object> before = new LinkedHashMap<>();
    ((Map<?, ?>) now.get(key))
        .forEach((name, value) -> before.put(String.valueOf(name).replace('-', '_'), value));
    before.put("test", "");
    before.put("colour", "");
    before.put("resize", "");
    before.remove("lowrank");
    before.remove("quantize");
    assertTrue(before.containsKey("batch_size"), before.toString());
    assertEquals(settings(null, null, 5), TrainSettings.from(Map.of(key, before)));
  }
}
