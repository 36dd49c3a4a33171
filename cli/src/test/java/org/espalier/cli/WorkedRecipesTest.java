package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keeps the worked recipes of the documentation, and the pages about them, usable. */
class WorkedRecipesTest {
  private static final String START = "./espalier ";

  /** One step an epoch, on drawn shapes: data of others may not be there. */
  private static final String SMALL =
      " --data shapes --limit 20 --batch-size 18 --save-every 1steps --out %s";

  @TempDir private static Path shared;

  @TempDir private Path folder;

  private static Path place() {
    return Path.of(System.getProperty("espalier.root", ".."), "docs", "recipes");
  }

  static Stream<Path> recipes() throws IOException {
    try (Stream<Path> files = Files.list(place())) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList().stream();
    }
  }

  @BeforeAll
  static void trainATeacher() {
    Cli.of(
            "train --model lenet5 --prune none --epochs 1" + SMALL.replace("1steps", "60"),
            shared.resolve("teacher"))
        .done();
  }

  @Test
  void thereAreFive() throws IOException {
    assertEquals(5, recipes().count());
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void eachIsAcceptedAndTakesItsFirstStep(Path recipe) throws IOException {
    String teacher =
        Files.readString(recipe).contains("\"teacher\"")
            ? " --teacher " + shared.resolve("teacher")
            : "";
    Path run = folder.resolve("run");
    Cli cli = Cli.killedAt("epoch 1/", "train --recipe %s" + SMALL + teacher, recipe, run);
    assertTrue(cli.out().startsWith("recipe " + recipe + "; "), cli.out());
    assertTrue(Files.exists(run.resolve(RecipeFile.NAME)), cli.out());
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void eachHasAPageThatShowsItAndWhoseCommandsAreUnderstood(Path recipe) throws IOException {
    Path page = Path.of(recipe.toString().replace(".json", ".md"));
    String text = Files.readString(page);
    assertTrue(text.contains(Files.readString(recipe)), page + " shows another recipe");
    List<String> commands =
        text.lines()
            .map(String::strip)
            .filter(line -> line.startsWith(START))
            .map(line -> line.substring(START.length()))
            .toList();
    assertTrue(
        commands.stream().anyMatch(line -> line.contains(recipe.getFileName().toString())),
        commands.toString());
    for (String command : commands) {
      assertDoesNotThrow(() -> Main.commandLine().parseArgs(command.split(" ")), command);
    }
  }
}
