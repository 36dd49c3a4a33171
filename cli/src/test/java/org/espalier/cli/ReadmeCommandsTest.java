package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.ModelInput;
import org.espalier.io.data.Normalization;
import org.espalier.io.data.Shapes;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.ResNet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keeps the commands of the README, and what it says they print, true. */
class ReadmeCommandsTest {
  private static final String START = "./espalier ";

  @TempDir private Path folder;

  /** Returns the blocks of code without a language, line by line. */
  private static List<List<String>> blocks() throws IOException {
    Path readme = Path.of(System.getProperty("espalier.root", "..")).resolve("README.md");
    List<List<String>> blocks = new ArrayList<>();
    List<String> open = null;
    for (String line : Files.readAllLines(readme)) {
      if (line.startsWith("```")) {
        if (open != null) {
          blocks.add(open);
        }
        open = open == null ? new ArrayList<>() : null;
      } else if (open != null) {
        open.add(line);
      }
    }
    return blocks;
  }

  @Test
  void everyCommandIsUnderstood() throws IOException {
    List<String> commands =
        blocks().stream()
            .flatMap(List::stream)
            .filter(line -> line.startsWith(START))
            .map(line -> line.substring(START.length()))
            .toList();
    assertTrue(commands.size() >= 3, commands.toString());
    for (String command : commands) {
      assertDoesNotThrow(() -> Main.commandLine().parseArgs(command.split(" ")), command);
    }
  }

  @Test
  void pruningPrintsWhatIsSaid() throws IOException {
    Dataset shapes = Shapes.test(1, 1);
    Module model = ResNet.cifar(8, shapes.classNames().size()).initialize(1);
    ModelInput input = ModelInput.of(shapes, Normalization.identity(3));
    Path run = Files.createDirectories(folder.resolve("runs/dense"));
    Checkpoint.save(run.resolve(ModelFile.FINAL), Snapshot.of(model, input.meta()));
    compare("prune", 14);
    compare("sensitivity", 9);
  }

  /** Runs a command of the README on few samples and compares what it prints but for numbers. */
  private void compare(String name, int leastLines) throws IOException {
    List<List<String>> blocks = blocks();
    int at = 0;
    while (!blocks.get(at).get(0).startsWith(START + name)) {
      at++;
    }
    String command =
        blocks.get(at).get(0).substring(START.length()).replace("runs/", folder + "/runs/");
    Cli cli = Cli.of(command + " --limit 16 --test-limit 8 --threads 1").done();
    List<String> printed =
        cli.out().replace(folder + "/", "").lines().map(ReadmeCommandsTest::words).toList();
    List<String> said = blocks.get(at + 1).stream().map(ReadmeCommandsTest::words).toList();
    assertTrue(said.size() >= leastLines, said.toString());
    assertEquals(said, printed.stream().filter(said::contains).toList(), cli.out());
  }

  /** Leaves out numbers, and how far apart columns are. */
  private static String words(String line) {
    return line.replaceAll("-{3,}", "---").replaceAll("[\\d.,]*\\d", "#").replaceAll(" +", " ");
  }
}
