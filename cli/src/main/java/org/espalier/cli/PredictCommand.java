package org.espalier.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Says what picture files show, by a saved model that knows its input size, normalisation and class
 * names.
 */
@Command(
    name = "predict",
    description = "Says what picture files show.",
    mixinStandardHelpOptions = true)
final class PredictCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "MODEL", description = "A model file or a run folder.")
  private Path model;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "PNG or JPEG files.")
  private List<Path> images;

  @Option(names = "--top", description = "How many classes to name (default: 3).")
  private int top = 3;

  @Option(
      names = "--resize",
      description =
          "What happens to other sizes: ${COMPLETION-CANDIDATES} (default: as in training, else crop).")
  private Resize resize;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (top < 1) {
      throw new IllegalArgumentException("--top must be at least 1, got " + top);
    }
    ModelFile loaded = loaded();
    PrintWriter out = spec.commandLine().getOut();
    Workspace workspace = new Workspace();
    for (Path image : images) {
      out.println(
          image + "  " + describe(probabilities(loaded, image, workspace), loaded.classNames()));
    }
    out.flush();
    return 0;
  }

  private ModelFile loaded() throws IOException {
    ModelFile loaded = ModelFile.load(model);
    return resize == null ? loaded : new ModelFile(loaded.model(), loaded.use().resizing(resize));
  }

  private static double[] probabilities(ModelFile loaded, Path image, Workspace workspace)
      throws IOException {
    Tensor x = loaded.use().read(image);
    try (Pass pass = Pass.infer(workspace)) {
      Var logits = loaded.model().apply(pass, pass.input(x));
      return Ops.softmax(logits, -1).value().toDoubles();
    }
  }

  private String describe(double[] probabilities, List<String> names) {
    return IntStream.range(0, probabilities.length)
        .boxed()
        .sorted(Comparator.comparing(i -> -probabilities[i]))
        .limit(top)
        .map(i -> names.get(i) + " " + Figures.percent(probabilities[i]))
        .reduce((a, b) -> a + ", " + b)
        .orElseThrow();
  }
}
