package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.espalier.io.Json;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeFileTest {
  @TempDir private static Path shared;
  private static Path data;

  @TempDir private Path folder;

  @BeforeAll
  static void drawPictures() throws IOException {
    data = TinyData.idx(shared.resolve("idx"), 40, 12);
  }

  private static Map<String, Object> recipe(Path run) throws IOException {
    Path file = run.resolve(RecipeFile.NAME);
    return Json.readObject(file.toString(), Files.readString(file));
  }

  private Path written(String json) throws IOException {
    return Files.writeString(folder.resolve("my.json"), json);
  }

  private void assertRefused(String said, String json) throws IOException {
    Path run = folder.resolve("run");
    Cli refused = Cli.of("train --recipe %s --out %s", written(json), run);
    assertEquals(2, refused.status(), refused.out());
    assertTrue(refused.err().contains(said), refused.err());
    assertTrue(refused.err().contains("my.json"), refused.err());
    assertEquals(1, refused.err().lines().count(), refused.err());
    assertFalse(Files.exists(run));
  }

  @Test
  void aRunIsRepeatedBitForBitByTheRecipeItLeft() throws IOException {
    Path first = folder.resolve("first");
    Cli.of(
            "train --data idx:%s --model resnet8 --epochs 2 --batch-size 8 --limit 30 --rate 0.05"
                + " --prune scl:0.3,freeze=1 --augment crop1 --seed 9007199254740993 --out %s",
            data, first)
        .done();
    for (String place : new String[] {"first/recipe.json", "first"}) {
      Path again = folder.resolve("again-" + place.length());
      Cli.of("train --recipe %s --out %s", folder.resolve(place), again).done();
      assertArrayEquals(
          Files.readAllBytes(first.resolve(ModelFile.FINAL)),
          Files.readAllBytes(again.resolve(ModelFile.FINAL)));
      assertEquals(recipe(first), recipe(again));
    }
    assertEquals("scl:0.3,freeze=1", recipe(first).get("prune"));
    assertEquals(5e-4, recipe(first).get("weight-decay"), "what nobody named is written down too");
    assertFalse(recipe(first).containsKey("patience"));
  }

  @Test
  void theCommandLineWinsAndItIsSaid() throws IOException {
    Path file =
        written(
            "{\"data\":\"idx:%s\",\"model\":\"mlp-6\",\"epochs\":1,\"prune\":\"none\",\"seed\":4}"
                .formatted(data));
    Path run = folder.resolve("run");
    Cli cli =
        Cli.of("train --epochs 2 --recipe %s --seed 4 --rate 0.02 --out %s", file, run).done();
    assertTrue(cli.out().startsWith("recipe " + file + "; --epochs 2 in place of 1\n"), cli.out());
    assertEquals(2L, recipe(run).get("epochs"));
    assertEquals("mlp-6", recipe(run).get("model"));
    assertEquals(0.02, recipe(run).get("rate"));
    assertEquals(64L, recipe(run).get("batch-size"));
    Cli plain = Cli.of("train --recipe %s --out %s", file, folder.resolve("plain")).done();
    assertTrue(plain.out().startsWith("recipe " + file + "\n"), plain.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"epoch\": 2} | no 'epoch'; did you mean 'epochs'?",
        "{\"batch_size\": 2} | did you mean 'batch-size'?",
        "{\"resume\": \"runs/x\"} | no 'resume'",
        "{\"recipe\": \"x\"} | no 'recipe'",
        "{\"epochs\": \"many\"} | --epochs",
        "{\"epochs\": 2.5} | --epochs",
        "{\"epochs\": null} | 'epochs' must be text",
        "{\"prune\": [\"sfp:0.4\"]} | 'prune' must be text",
        "{\"epochs\": 2, \"epochs\": 3} | comes twice",
        "[1] | expected an object",
        "{\"epochs\": | not valid JSON",
      })
  void whatIsNoRecipeIsRefused(String json, String said) throws IOException {
    assertRefused(said, json);
  }

  @Test
  void aRecipeThatIsMissingIsNamed() {
    Cli refused = Cli.of("train --recipe %s", folder.resolve("none.json"));
    assertEquals(2, refused.status());
    assertTrue(refused.err().contains("no such file or folder: "), refused.err());
  }

  @Test
  void aResumedRunTakesNoRecipe() {
    Cli refused = Cli.of("train --resume %s --recipe %s", folder, folder.resolve("x.json"));
    assertEquals(2, refused.status());
  }
}
