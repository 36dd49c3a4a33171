package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.tensor.Shape;

/**
 * Turns a model with zeroed filters into a really smaller one, in place: weights, running
 * statistics and optimizer slots are cut together, and training can go on (soft filter pruning,
 * section 2.7; structured-pruning reference, section 3).
 *
 * <p>A filter counts as zero when all its weights are exactly 0. A channel that several layers make
 * goes when all of them are zero there.
 */
public final class Compact {
  /** Says how the members of a residual stream are cut. */
  public enum Mode {
    /**
     * Each layer by its own zeros; streams keep their width, and a block adds what is left of its
     * channels at their places.
     */
    STREAM_FULL,
    /**
     * All layers of a group together: those of lowest summed squared norm are zeroed first, as many
     * as the layers have lost on average. Streams shrink; the function changes.
     */
    COUPLED
  }

  private Compact() {}

  /**
   * Silences, at full widths, the channels that {@link #extract} would cut under {@link
   * MaskPolicy#MASK_WITH_BN}: gamma, beta and biases become zero with the filters. Whoever reads
   * the channels is left alone, so that a comparison with the extracted model shows what a wrong
   * cut took. The model is modified; it then computes what the extracted one will.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   * @return what is zero now: weights by their rows, biases, norms' gamma and beta
   */
  public static List<Member> mask(Module model, Shape sampleShape, Mode mode) {
    StreamLoosener loosener = loosen(model, sampleShape, mode);
    try {
      return dead(model, sampleShape, mode).silenceMakers();
    } finally {
      tighten(loosener);
    }
  }

  /**
   * Cuts all channels whose filters are zero.
   *
   * @param model the model, modified: parameters shrink, and blocks of residual streams get a
   *     scatter where needed; it stays a tree that its spec describes
   * @param sampleShape the shape of one sample, without the batch axis
   * @param mode how residual streams are cut
   * @param policy what becomes of the constants that zeroed filters emit
   */
  public static CompactReport extract(
      Module model, Shape sampleShape, Mode mode, MaskPolicy policy) {
    model.initialize(0);
    Map<Parameter, Integer> widths = widths(model, sampleShape);
    long macs = ChannelGraph.of(model, sampleShape).macs();
    long parameters = parameters(model);
    List<String> inexact = new ArrayList<>();
    StreamLoosener loosener = loosen(model, sampleShape, mode);
    try {
      model.initialize(0);
      inexact.addAll(dead(model, sampleShape, mode).cut(policy));
    } finally {
      tighten(loosener);
    }
    return new CompactReport(
        changes(model, widths),
        macs,
        ChannelGraph.of(model, sampleShape).macs(),
        parameters,
        parameters(model),
        List.copyOf(inexact));
  }

  private static StreamLoosener loosen(Module model, Shape sampleShape, Mode mode) {
    return mode == Mode.STREAM_FULL ? StreamLoosener.loosen(model, sampleShape) : null;
  }

  private static void tighten(StreamLoosener loosener) {
    if (loosener != null) {
      loosener.tighten();
    }
  }

  private static ChannelSelection dead(Module model, Shape sampleShape, Mode mode) {
    ChannelGraph graph = ChannelGraph.of(model, sampleShape);
    if (mode == Mode.COUPLED) {
      DeadChannels.agree(graph);
    }
    return DeadChannels.of(graph);
  }

  /** Returns how many channels each weight makes. */
  static Map<Parameter, Integer> widths(Module model, Shape sampleShape) {
    Map<Parameter, Integer> widths = new IdentityHashMap<>();
    for (ChannelGroup group : ChannelGraph.of(model, sampleShape).groups()) {
      for (Member member : group.members()) {
        if (member.producer()) {
          widths.put(member.parameter(), member.parameter().shape().size(member.axis()));
        }
      }
    }
    return widths;
  }

  /** Returns how many they make now. */
  static List<CompactReport.Width> changes(Module model, Map<Parameter, Integer> widths) {
    List<CompactReport.Width> changes = new ArrayList<>();
    model
        .state()
        .forEach(
            (path, parameter) -> {
              if (widths.containsKey(parameter)) {
                changes.add(
                    new CompactReport.Width(
                        path, widths.get(parameter), parameter.shape().size(0)));
              }
            });
    return changes;
  }

  /** Returns the trainable numbers of a model. */
  static long parameters(Module model) {
    return model.parameters().stream().mapToLong(parameter -> parameter.shape().count()).sum();
  }
}
