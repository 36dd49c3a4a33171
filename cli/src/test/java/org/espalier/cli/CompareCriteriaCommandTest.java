package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.espalier.io.JsonLines;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompareCriteriaCommandTest {
  private static final String COMPARE =
      "compare-criteria %s --data idx:%s --images 8 --finetune 1 --seeds 2 --batch 8 --limit 16"
          + " --threads 1 --out %s ";

  @TempDir private static Path shared;
  private static Path idx;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    TinyRun trained = TinyRun.train(shared, 24, 12, "--model resnet8 --epochs 1 --batch-size 8");
    idx = trained.data();
    run = trained.folder();
  }

  @Test
  void aComparisonThatIsStartedAgainDoesNotRepeatRuns() throws IOException {
    Path out = folder.resolve("out");
    Cli first = Cli.of(COMPARE + "--criteria l1,random --cuts 50%", run, idx, out).done();
    assertTrue(first.out().contains("run 4/4  random 50%macs seed 2: "), first.out());
    assertFalse(first.out().contains("finished before"), first.out());
    Path log = out.resolve("runs.jsonl");
    List<String> lines = Files.readAllLines(log);
    assertEquals(5, lines.size(), "settings, dense, l1, random twice");

    // As if the last run had been killed while it was written.
    String whole = Files.readString(log);
    Files.writeString(log, whole.substring(0, whole.length() - 20));
    Cli again =
        Cli.of(COMPARE + "--criteria random,nisp,l1 --cuts 50%,30%channels", run, idx, out).done();
    assertEquals(3, again.out().lines().filter(line -> line.endsWith("finished before")).count());
    List<Map<String, Object>> entries = JsonLines.read(log);
    assertEquals(10, entries.size(), "settings, dense, and 2 times 4 runs");
    assertEquals(lines.subList(0, 4), Files.readAllLines(log).subList(0, 4));
    assertEquals(
        JsonLines.read(write(lines.get(4))).get(0).get("tuned_right"),
        entries.get(4).get("tuned_right"),
        "the repeated run is another");

    Cli third =
        Cli.of(COMPARE + "--criteria random,nisp,l1 --cuts 50%,30%channels", run, idx, out).done();
    assertEquals(9, third.out().lines().filter(line -> line.endsWith("finished before")).count());
    assertEquals(entries, JsonLines.read(log));
  }

  private Path write(String line) throws IOException {
    return Files.writeString(folder.resolve("one.jsonl"), line + "\n");
  }

  @Test
  void theTableSetsEachCriterionAgainstRandomOnTheSameSamples() throws IOException {
    Path out = folder.resolve("out");
    Cli cli = Cli.of(COMPARE + "--criteria l1,random --cuts 50%", run, idx, out).done();
    List<ComparedRun> runs =
        JsonLines.read(out.resolve("runs.jsonl")).stream().skip(1).map(ComparedRun::of).toList();
    PairedDifference cut =
        PairedDifference.of(runs.get(1).cut(), List.of(runs.get(2).cut(), runs.get(3).cut()));
    PairedDifference tuned =
        PairedDifference.of(runs.get(1).tuned(), List.of(runs.get(2).tuned(), runs.get(3).tuned()));
    String row = cli.out().lines().filter(line -> line.startsWith("l1 ")).findFirst().orElseThrow();
    assertTrue(row.contains(cut.toString()) && row.endsWith(tuned.toString()), row);
    assertTrue(runs.get(1).macs() <= 0.5 * runs.get(0).macs());
    String markdown = Files.readString(out.resolve("table.md"));
    assertTrue(markdown.contains("| random, 2 seeds | 50%macs | "), markdown);
    assertEquals(5, markdown.lines().count(), markdown);
    String report = Files.readString(out.resolve("report.html"));
    assertTrue(report.contains("Accuracy against MACs, without fine-tuning"), report);
    assertTrue(report.contains("Accuracy against MACs, fine-tuned"), report);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--criteria l1,best --cuts 50% | there are l1, l2",
        "--criteria l1,l1 --cuts 50% | twice",
        "--criteria l1 --cuts 50%,50%macs | twice",
        "--criteria l1 --cuts 99.9% | the MACs cannot fall to",
        "--criteria l1 --cuts 50% --seeds 0 | --seeds",
      })
  void wrongUseIsRefusedBeforeAnythingIsWritten(String options, String said) {
    Path out = folder.resolve("out");
    Cli cli = Cli.of(COMPARE + options, run, idx, out);
    assertEquals(2, cli.status(), cli.out() + cli.err());
    assertTrue(cli.err().contains(said), cli.err());
    assertFalse(Files.exists(out));
  }

  @Test
  void runsOfOtherSettingsAreNotMixed() throws IOException {
    Path out = folder.resolve("out");
    Cli.of("compare-criteria %s --data idx:%s --criteria l1 --cuts 50% --out %s", run, idx, out)
        .done();
    List<String> before = Files.readAllLines(out.resolve("runs.jsonl"));
    Cli cli =
        Cli.of(
            "compare-criteria %s --data idx:%s --criteria l1 --cuts 50% --rate 0.02 --out %s",
            run, idx, out);
    assertEquals(2, cli.status());
    assertTrue(cli.err().contains("was begun with rate 0.01, now it is 0.02"), cli.err());
    assertEquals(before, Files.readAllLines(out.resolve("runs.jsonl")));

    Path other = Files.createDirectories(folder.resolve("other"));
    Files.writeString(other.resolve("notes.txt"), "mine");
    Cli filled =
        Cli.of("compare-criteria %s --data idx:%s --criteria l1 --out %s", run, idx, other);
    assertEquals(2, filled.status());
    assertTrue(filled.err().contains("is not empty"), filled.err());
  }
}
