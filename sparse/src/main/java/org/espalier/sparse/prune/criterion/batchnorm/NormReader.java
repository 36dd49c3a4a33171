package org.espalier.sparse.prune.criterion.batchnorm;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.sparse.prune.criterion.ChannelTrace;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.tensor.Shape;

/** Finds the batch norms of a model and the activations behind them, by one shape pass. */
final class NormReader {
  private static final Logger LOG = System.getLogger(NormReader.class.getName());

  private final BatchNormImportance options;
  private final Recording recording;
  private final Moments moments;
  private final Map<Parameter, ScoredNorm> norms = new LinkedHashMap<>();

  private NormReader(BatchNormImportance options, Module model, Shape sampleShape) {
    this.options = options;
    recording = Recording.ofShapes(model, sampleShape);
    moments = new Moments(options.moments(), recording);
    List<String> bare = new ArrayList<>();
    int[] untouched = {0};
    model
        .modules()
        .forEach(
            (path, module) -> {
              if (module instanceof BatchNorm norm && norm.gamma() == null) {
                bare.add(path);
              } else if (module instanceof BatchNorm norm) {
                read(path, norm);
                untouched[0] += isUntouched(norm) ? 1 : 0;
              }
            });
    if (norms.isEmpty() && options.missing() != MissingNorm.USE_L1_NORM) {
      throw new IllegalArgumentException(
          "batch norm importance: the model has no batch norm with gamma and beta; use L1Norm, or"
              + " withMissing(USE_L1_NORM)");
    }
    if (!bare.isEmpty()) {
      LOG.log(Level.WARNING, "batch norm importance: {0} have no gamma and say nothing", bare);
    }
    if (untouched[0] > 0 && untouched[0] == norms.size()) {
      LOG.log(
          Level.WARNING,
          "batch norm importance: no running statistics were ever updated (all means 0, variances"
              + " 1); was the model trained?");
    }
  }

  /** Returns the norms of a model by their gamma. */
  static Map<Parameter, ScoredNorm> read(
      BatchNormImportance options, Module model, Shape sampleShape) {
    return new NormReader(options, model, sampleShape).norms;
  }

  private static boolean isUntouched(BatchNorm norm) {
    return norm.runningMean() != null
        && isAll(norm.runningMean(), 0)
        && isAll(norm.runningVariance(), 1);
  }

  private static boolean isAll(Parameter parameter, double value) {
    for (double number : parameter.value().toDoubles()) {
      if (number != value) {
        return false;
      }
    }
    return true;
  }

  private void read(String path, BatchNorm norm) {
    Var gamma = recording.varOf(norm.gamma());
    if (gamma == null) {
      return;
    }
    ScoredNorm scored = new ScoredNorm(path, norm, options.sigma());
    for (int position : uses(gamma)) {
      ChannelTrace.Arrival arrival = ChannelTrace.toActivation(recording.calls(), position);
      boolean linear = arrival.throughAdd() && options.behindAdd() == BehindAdd.IDENTITY;
      Call activation = linear ? null : arrival.activation();
      int[] channels = arrival.channels();
      List<ActivationMoment> each = new ArrayList<>();
      for (int c = 0; c < scored.channels(); c++) {
        each.add(moments.of(activation, Math.max(channels[c], 0)));
      }
      Call made = recording.calls().get(position).input(0).call();
      boolean fed = made != null && made.op().cost(made.axes()).macs() > 0;
      scored.addUse(each, fed, arrival.throughAdd());
    }
    norms.put(norm.gamma(), scored);
  }

  /** Returns the calls whose data, input 0, is scaled by what was made from gamma. */
  private List<Integer> uses(Var gamma) {
    Set<Var> made = Collections.newSetFromMap(new IdentityHashMap<>());
    made.add(gamma);
    List<Integer> uses = new ArrayList<>();
    for (int i = 0; i < recording.calls().size(); i++) {
      Call call = recording.calls().get(i);
      boolean vector = call.output().shape().equals(gamma.shape());
      boolean reads = false;
      for (int input = 0; input < call.inputCount(); input++) {
        reads |= call.input(input) != null && made.contains(call.input(input));
      }
      if (reads && vector) {
        made.add(call.output());
      } else if (reads) {
        uses.add(i);
      }
    }
    return uses;
  }
}
