package org.espalier.sparse.prune.rls;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.espalier.autograd.Var;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.optim.CovarianceReduction;
import org.espalier.optim.InverseAutocorrelation;
import org.espalier.optim.LinearLayer;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Rounding;
import org.espalier.sparse.prune.Side;
import org.espalier.tensor.Shape;

/**
 * Drops the weakest inputs of every layer of a model that {@link org.espalier.optim.Rls} trains:
 * with each input channel goes the output channel that made it, and P, velocity and all else with
 * them; the first layer keeps a list of the input features it still reads (recursive least squares,
 * section 2.6). Training goes on at once, on smaller shapes, without masks. A pruner belongs to one
 * run: that a layer keeps all its inputs it says once.
 */
public final class RlsPruner {
  private static final Logger LOG = System.getLogger(RlsPruner.class.getName());

  private final Shape sampleShape;
  private final double ratio;
  private final int minInputs;
  private final RlsImportance importance;
  private final CovarianceReduction reduction;
  private final boolean compensated;
  private final boolean inputFeatures;
  private final PrunedResidual prunedResidual;
  private final Set<String> told = new HashSet<>();

  private RlsPruner(Builder builder) {
    sampleShape = builder.sampleShape;
    ratio = builder.ratio;
    minInputs = builder.minInputs;
    importance = builder.importance;
    reduction = builder.reduction;
    compensated = builder.compensated;
    inputFeatures = builder.inputFeatures;
    prunedResidual = builder.prunedResidual;
  }

  /**
   * Returns a builder: a fifth of the inputs each time, scores by the diagonal of P.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   */
  public static Builder builder(Shape sampleShape) {
    return new Builder(sampleShape);
  }

  /**
   * Puts the lists of inputs where they are needed, without any change to what the model computes:
   * in front of the first layer, and, reader by reader, of residual streams' readers. Pruning does
   * so itself; before the first epoch it keeps the architecture the same throughout a run.
   */
  public void prepare(Module model) {
    insertLists(model, Level.INFO);
  }

  private void insertLists(Module model, Level level) {
    model.initialize(0);
    if (inputFeatures) {
      String obstacle = InputSelection.beforeFirst(model);
      if (obstacle != null) {
        LOG.log(level, "rls: input features are not pruned: {0}", obstacle);
      }
    }
    if (prunedResidual == PrunedResidual.GATHER) {
      gatherStreams(model, level);
    }
    model.initialize(0);
  }

  private void gatherStreams(Module model, Level level) {
    Map<Parameter, String> readers = new LinkedHashMap<>();
    Map<Parameter, Integer> columns = new IdentityHashMap<>();
    for (ChannelGroup group : ChannelGraph.of(model, sampleShape).prunable()) {
      if (isStream(group)) {
        for (Member member : group.members()) {
          if (readsInputs(member)) {
            readers.put(member.parameter(), member.path());
            columns.merge(member.parameter(), member.indices().length, Integer::sum);
          }
        }
      }
    }
    readers.forEach(
        (weight, path) -> {
          // A reader of other channels too would lose some of them twice.
          String obstacle =
              columns.get(weight) < weight.shape().size(-1)
                  ? "'" + path + "' reads other channels too"
                  : gather(model, path);
          if (obstacle != null) {
            LOG.log(level, "rls: a reader of a stream stays at full width: {0}", obstacle);
          }
        });
  }

  private static String gather(Module model, String weightPath) {
    String path = weightPath.substring(0, weightPath.lastIndexOf('.'));
    int dot = path.lastIndexOf('.');
    Module parent = dot < 0 ? model : model.modules().get(path.substring(0, dot));
    return parent instanceof Sequential sequence
        ? InputSelection.before(sequence, path.substring(dot + 1))
        : "'" + path + "' does not stand in a Sequential";
  }

  /** Several layers make the channels of a residual stream. */
  private static boolean isStream(ChannelGroup group) {
    return group.members().stream().filter(m -> m.producer() && m.side() == Side.OUT).count() > 1;
  }

  private static boolean readsInputs(Member member) {
    return member.side() == Side.IN && member.axis() == member.parameter().shape().rank() - 1;
  }

  /**
   * Prunes once; the model is modified.
   *
   * @throws IllegalStateException if a layer has no P: the model was not trained by RLS
   */
  public RlsPruningReport prune(Module model) {
    // Who prepared was told what cannot be pruned.
    insertLists(model, Level.DEBUG);
    Map<Parameter, Integer> inputs = new LinkedHashMap<>();
    List<LinearLayer> layers = layers(model);
    layers.forEach(layer -> inputs.put(layer.weight(), layer.weight().shape().size(-1)));
    long before = parameters(model);
    ChannelGraph graph = ChannelGraph.of(model, sampleShape);
    PruningPlan plan = new PruningPlan(graph, channels(graph));
    Map<InputSelection, Indices> lists = lists(model);
    model.parameters().forEach(parameter -> InverseAutocorrelation.cutBy(parameter, reduction));
    if (compensated) {
      compensate(layers, plan, lists);
    }
    plan.apply();
    lists.forEach(InputSelection::cut);
    return new RlsPruningReport(changes(model, inputs), before, parameters(model));
  }

  private Map<ChannelGroup, Indices> channels(ChannelGraph graph) {
    RlsCriterion criterion = new RlsCriterion(importance);
    Map<ChannelGroup, Indices> keep = new LinkedHashMap<>();
    for (ChannelGroup group : graph.prunable()) {
      if (prunedResidual == PrunedResidual.GROUP || !isStream(group)) {
        keep.put(group, strongest("the channels of " + group.name(), criterion.score(group)));
      }
    }
    return keep;
  }

  private Map<InputSelection, Indices> lists(Module model) {
    Map<InputSelection, Indices> keep = new LinkedHashMap<>();
    for (InputSelection selection : InputSelection.of(model)) {
      double[] scores = importance.ofInputs(selection.weight());
      keep.put(selection, strongest("the inputs of " + selection.path(), scores));
    }
    return keep;
  }

  /** Returns all but the weakest; of equal ones the lower number goes first. */
  private Indices strongest(String name, double... scores) {
    for (double score : scores) {
      if (Double.isNaN(score)) {
        throw new IllegalStateException("rls: a score of " + name + " is NaN");
      }
    }
    int wanted = Rounding.PRUNE_FLOOR.pruned(scores.length, ratio);
    int count = Math.max(0, Math.min(wanted, scores.length - minInputs));
    if (count == 0 && told.add(name)) {
      LOG.log(
          Level.INFO,
          "rls: {0} all stay: a share of {2} of {1} is none above the least of {3}",
          name,
          scores.length,
          ratio,
          minInputs);
    }
    int[] kept =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted((a, b) -> Double.compare(scores[a], scores[b]))
            .skip(count)
            .mapToInt(Integer::intValue)
            .toArray();
    return Indices.of(scores.length, kept);
  }

  private void compensate(
      List<LinearLayer> layers, PruningPlan plan, Map<InputSelection, Indices> lists) {
    Map<Parameter, Indices> keep = new LinkedHashMap<>();
    for (Member member : plan.cuts().members()) {
      if (readsInputs(member)) {
        int inputs = member.parameter().shape().size(-1);
        keep.put(member.parameter(), Indices.of(inputs, member.indices()).complement());
      }
    }
    lists.forEach((selection, kept) -> keep.put(selection.weight(), kept));
    for (LinearLayer layer : layers) {
      if (keep.containsKey(layer.weight())) {
        InputRemoval.compensate(layer.weight(), layer.bias(), keep.get(layer.weight()));
      }
    }
  }

  private List<LinearLayer> layers(Module model) {
    try (Pass pass = Pass.shapes()) {
      int[] batch = new int[sampleShape.rank() + 1];
      batch[0] = 1;
      System.arraycopy(sampleShape.sizes(), 0, batch, 1, sampleShape.rank());
      Var x = pass.tape().input(model.parameters().get(0).dtype(), Shape.of(batch), false);
      model.apply(pass, x);
      return LinearLayer.of(pass.tape(), model.parameters());
    }
  }

  private static List<RlsPruningReport.Layer> changes(
      Module model, Map<Parameter, Integer> inputs) {
    List<RlsPruningReport.Layer> changes = new ArrayList<>();
    model
        .state()
        .forEach(
            (path, parameter) -> {
              Integer before = inputs.get(parameter);
              if (before != null && before != parameter.shape().size(-1)) {
                changes.add(new RlsPruningReport.Layer(path, before, parameter.shape().size(-1)));
              }
            });
    return changes;
  }

  private static long parameters(Module model) {
    return model.parameters().stream().mapToLong(parameter -> parameter.shape().count()).sum();
  }

  /** Collects the options. */
  public static final class Builder {
    private final Shape sampleShape;
    private double ratio = 0.2;
    private int minInputs = 1;
    private RlsImportance importance = RlsImportance.CURVATURE_DIAGONAL;
    private CovarianceReduction reduction = CovarianceReduction.SUBMATRIX;
    private boolean compensated;
    private boolean inputFeatures = true;
    private PrunedResidual prunedResidual = PrunedResidual.GROUP;

    private Builder(Shape sampleShape) {
      this.sampleShape = sampleShape;
    }

    /** Sets the share of the present inputs of each layer that goes each time, in [0, 1). */
    public Builder ratio(double share) {
      Rounding.PRUNE_FLOOR.pruned(1, share);
      ratio = share;
      return this;
    }

    /** Sets how many inputs of each layer stay at least; 1 by default. */
    public Builder minInputs(int least) {
      if (least < 1) {
        throw new IllegalArgumentException("rls: minInputs must be at least 1, got " + least);
      }
      minInputs = least;
      return this;
    }

    /** Sets the score of an input. */
    public Builder importance(RlsImportance score) {
      importance = score;
      return this;
    }

    /** Sets what becomes of P; rows and columns are deleted by default. */
    public Builder reduction(CovarianceReduction kind) {
      reduction = kind;
      return this;
    }

    /** Lets the weights that stay make up for those that go; off by default. */
    public Builder compensate() {
      compensated = true;
      return this;
    }

    /** Says whether the features of the model's input are pruned too, which is the default. */
    public Builder inputFeatures(boolean wanted) {
      inputFeatures = wanted;
      return this;
    }

    /** Sets how residual streams are pruned; together by default. */
    public Builder prunedResidual(PrunedResidual kind) {
      prunedResidual = kind;
      return this;
    }

    /** Returns the pruner. */
    public RlsPruner build() {
      return new RlsPruner(this);
    }
  }
}
