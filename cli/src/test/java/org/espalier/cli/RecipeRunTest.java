package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.sparse.quant.integer.IntegerModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trains by each technique, and by several together, on a tiny problem. */
class RecipeRunTest {
  private static final String TRAIN =
      "train --data idx:%s --model resnet8b --epochs 4 --batch-size 8 --augment none --seed 3"
          + " --save-every 3steps --out %s ";

  @TempDir private static Path shared;
  private static Path data;
  private static Path teacher;

  @TempDir private Path folder;

  @BeforeAll
  static void drawPictures() throws IOException {
    data = TinyData.idx(shared.resolve("idx"), 60, 12);
    teacher = shared.resolve("teacher");
    Cli.of("train --data idx:%s --model resnet8b --epochs 3 --prune none --out %s", data, teacher)
        .done();
  }

  private Path run(String name, String recipe) {
    Path run = folder.resolve(name);
    Cli cli = Cli.of(TRAIN + recipe, data, run);
    assertEquals(0, cli.status(), cli.err());
    assertFalse(cli.out().contains("WARNING"), cli.out());
    return run;
  }

  private static byte[] model(Path run) throws IOException {
    return Files.readAllBytes(run.resolve(ModelFile.FINAL));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--prune scl:0.05,warmup=2,target=0.8,freeze=1",
        "--prune gmp:0.9,end=2,every=4",
        "--prune gmp:2:4,every=4",
        "--prune dns:0.5",
        "--prune snip:0.8",
        "--lowrank lrpet:0.5,steps=4,multiple=2",
        "--lowrank lrpet:0.5 --prune sfp:0.3",
        "--teacher TEACHER --distill T=3,a=0.7,hint=layer3:layer3",
        "--teacher TEACHER --prune scl:0.1,freeze=1",
        "--quantize qat:int8",
        "--quantize qat:int8,freeze=1.5 --prune gmp:0.8,every=4",
        "--quantize qat:int8 --lowrank lrpet:0.5 --teacher TEACHER",
        "--quantize lsq:4",
        "--quantize xnor",
        "--quantize ttq",
      })
  void aKilledRunGoesOnToTheSameBits(String words) throws IOException {
    String recipe = words.replace("TEACHER", teacher.toString());
    String train = TRAIN.replace("--epochs 4", "--epochs 3") + recipe;
    Path whole = folder.resolve("whole");
    assertEquals(0, Cli.of(train, data, whole).status());
    Path run = folder.resolve("killed");
    Cli.killedAt("epoch 2/3", train, data, run);
    assertFalse(Files.exists(run.resolve(ModelFile.FINAL)));
    assertEquals(0, Cli.of("train --resume %s", run).status());
    assertArrayEquals(model(whole), model(run));
  }

  private static double figure(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern + " in:\n" + text);
    return Double.parseDouble(matcher.group(1).replace(",", ""));
  }

  private static double zeros(Parameter weight) {
    double zeros = 0;
    for (double value : weight.value().toDoubles()) {
      zeros += value == 0 ? 1 : 0;
    }
    return zeros / weight.shape().count();
  }

  @ParameterizedTest
  @ValueSource(strings = {"scl:0.4,freeze=1", "gmp:0.9,every=6", "dns:1", "snip:0.9"})
  void connectionsGoAndDeadUnitsWithThem(String prune) throws IOException {
    Path run = folder.resolve("run");
    Cli cli = Cli.of(TRAIN + "--prune " + prune, data, run).done();
    assertFalse(cli.out().contains("WARNING"), cli.out());
    assertTrue(figure(cli.out(), "largest difference masked - compact: (\\S+)") < 1e-3);
    double parameters = figure(cli.out(), "masked +([\\d,]+)");
    double nonZero = figure(cli.out(), "masked +[\\d,]+ +([\\d,]+)");
    double macs = figure(cli.out(), "masked +[\\d,]+ +[\\d,]+ +([\\d,]+)");
    double effective = figure(cli.out(), "masked +[\\d,]+ +[\\d,]+ +[\\d,]+ +([\\d,]+)");
    assertTrue(nonZero < 0.6 * parameters, cli.out());
    assertTrue(effective < 0.8 * macs, cli.out());
    Module masked = ModelFile.load(run.resolve("snapshots/masked.safetensors")).model();
    masked.state().values().forEach(p -> assertTrue(p.parametrizations().isEmpty(), p.name()));
    Module compact = ModelFile.load(run).model();
    compact.state().values().forEach(p -> assertTrue(p.parametrizations().isEmpty(), p.name()));
    String report = Files.readString(run.resolve("report.html"));
    assertTrue(report.contains("<h2>Masked and compact</h2>"));
    assertTrue(report.contains("<h2>Connections a layer</h2>"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--prune none", "--prune sfp:0.4"})
  void layersOfLowRankAreSplitInTwo(String prune) throws IOException {
    Path run = folder.resolve("run");
    Cli cli = Cli.of(TRAIN + "--lowrank lrpet:0.6 " + prune, data, run).done();
    assertFalse(cli.out().contains("WARNING"), cli.out());
    assertTrue(cli.out().contains("ranks: "), cli.out());
    String before = prune.endsWith("none") ? "low-rank" : "compact";
    assertTrue(figure(cli.out(), "difference " + before + " - split: (\\S+)") < 1e-2, cli.out());
    assertTrue(
        figure(cli.out(), "split +([\\d,]+)") < 0.8 * figure(cli.out(), before + " +([\\d,]+)"),
        cli.out());
    Module split = ModelFile.load(run).model();
    assertTrue(split.modules().containsKey("layer3.0.branch.conv2.reduce"), cli.out());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--quantize qat:int8",
        "--quantize qat:int8 --prune gmp:0.8,every=6",
        "--quantize qat:int8 --prune snip:0.5",
        "--quantize qat:int8 --prune sfp:0.4",
        "--quantize qat:int8 --lowrank lrpet:0.5",
      })
  void whatTrainedForIntegersBecomesIntegers(String recipe) throws IOException {
    Path run = folder.resolve("run");
    Cli cli = Cli.of(TRAIN + recipe, data, run);
    assertEquals(0, cli.status(), cli.err());
    assertFalse(cli.out().contains("WARNING"), cli.out());
    assertTrue(cli.out().contains("\nint8 "), cli.out());
    assertTrue(Files.size(run.resolve(ModelFile.FINAL)) < 180_000, cli.out());
    assertTrue(ModelFile.load(run).model() instanceof IntegerModel);
    double accuracy = figure(cli.out(), "int8 .* ([\\d.]+) %");
    Cli eval = Cli.of("eval %s --data idx:%s", run, data).done();
    assertEquals(accuracy, figure(eval.out(), "right .*\\(([\\d.]+) %"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lsq:4",
        "qat:4",
        "dorefa:w=2,a=2",
        "binaryconnect",
        "bnn",
        "bwn",
        "xnor",
        "twn",
        "ttq"
      })
  void networksOfFewBitsLoadAgain(String words) throws IOException {
    Path run = folder.resolve("run");
    Cli cli = Cli.of(TRAIN + "--quantize " + words, data, run);
    assertEquals(0, cli.status(), cli.err());
    double accuracy = figure(cli.out(), words.split(":")[0] + " .* ([\\d.]+) %");
    Cli eval = Cli.of("eval %s --data idx:%s", run, data).done();
    assertEquals(accuracy, figure(eval.out(), "right .*\\(([\\d.]+) %"));
  }

  @Test
  void aStudentLearnsFromItsTeacherAndIsShownBesideIt() throws IOException {
    Path run = folder.resolve("run");
    Cli cli =
        Cli.of(
                "train --data idx:%s --model mlp-16 --epochs 3 --teacher %s --distill a=1 --out %s",
                data, teacher, run)
            .done();
    assertTrue(cli.out().contains("; taught by " + teacher + " (T=4, a=1)\n"), cli.out());
    assertTrue(cli.out().matches("(?s).*\nteacher +[\\d,]+ .*\nstudent +[\\d,]+ .*"), cli.out());
    assertTrue(figure(cli.out(), "student / teacher: \\S+ of the MACs, (\\S+) of") < 0.1);
    Cli other =
        Cli.of(
            "train --data shapes --limit 32 --model mlp-4 --teacher %s --epochs 1 --out %s",
            teacher, folder.resolve("other"));
    assertEquals(2, other.status());
    assertTrue(other.err().contains("must see what the student sees"), other.err());
    Cli none = Cli.of("train --teacher %s --out %s", folder, folder.resolve("none"));
    assertTrue(none.err().contains("no such file or folder: "), none.err());
  }

  @Test
  void twoOfFourInputsStayInEveryRun() throws IOException {
    Path run = run("run", "--prune gmp:2:4,every=6");
    Module masked = ModelFile.load(run.resolve("snapshots/masked.safetensors")).model();
    double[] weight = masked.parameter("layer1.0.branch.conv1.weight").value().toDoubles();
    for (int first = 0; first < weight.length; first += 4) {
      int kept = 0;
      for (int i = first; i < first + 4; i++) {
        kept += weight[i] != 0 ? 1 : 0;
      }
      assertEquals(2, kept, "the run of four at " + first);
    }
  }

  @Test
  void blocksGoWholeAndAllLayersLoseTheirShare() throws IOException {
    Path run = run("run", "--prune gmp:0.75,block=4x1,exclude=linear,every=6");
    Module masked = ModelFile.load(run.resolve("snapshots/masked.safetensors")).model();
    Parameter conv = masked.parameter("layer2.0.branch.conv1.weight");
    assertEquals(0.75, zeros(conv), 1e-6);
    assertEquals(0, zeros(masked.parameter("linear.weight")));
    double[] weight = conv.value().toDoubles();
    int row = weight.length / conv.shape().size(0);
    for (int i = 0; i < row; i++) {
      for (int output = 1; output < 4; output++) {
        assertEquals(weight[i] == 0, weight[output * row + i] == 0, "input " + i);
      }
    }
  }

  @Test
  void aNetworkThatIsEmptyIsKeptAsItIsAndSaysSo() {
    Cli cli =
        Cli.of(
            "train --data idx:%s --model mlp-4 --epochs 2 --prune scl:50 --out %s",
            data, folder.resolve("run"));
    assertEquals(0, cli.status(), cli.err());
    assertTrue(cli.out().contains("no connection leads from the input"), cli.out());
    assertFalse(cli.out().contains("compact"), cli.out());
  }

  @Test
  void aModelWithoutFiltersIsNotPrunedSoftly() {
    Cli refused =
        Cli.of(TRAIN.replace("resnet8b", "mlp-8") + "--prune sfp:0.4", data, folder.resolve("run"));
    assertEquals(2, refused.status(), refused.out());
    assertTrue(refused.err().contains("no convolution"), refused.err());
  }
}
