package org.espalier.nn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.tensor.Shape;

/**
 * Accounts for what a model takes to keep and to run on one sample (resource-efficiency survey,
 * S6), layer by layer and in total: what {@link Summary} and {@link Costs} count, and numbers other
 * than zero, bits in a file, and the memory of activations. MACs are multiply-accumulates of
 * convolutions and linear maps only.
 *
 * <p>Activations that must exist at the same time are those a call reads or makes, and those that a
 * later call still reads, each call counted by itself: a fused normalisation or activation takes
 * less.
 *
 * @param layers the layers in the order in which they run
 * @param parameters all trainable numbers that are stored
 * @param nonZeros numbers other than zero among the effective values of all parameters
 * @param storageBits bits of all tensors that a file holds, those of parametrizations and running
 *     statistics included
 * @param macs multiply-accumulates for one sample
 * @param peakActivationBytes the most bytes of activations at the same time, for one sample
 * @param milliseconds the latency that the caller measured, NaN without
 */
public record ResourceReport(
    List<Layer> layers,
    long parameters,
    long nonZeros,
    long storageBits,
    long macs,
    long peakActivationBytes,
    double milliseconds) {
  /**
   * Is one module in whose scope something was computed.
   *
   * @param path the scope; a module run again is {@code path#2} and stores nothing more
   * @param type the module's type name
   * @param parameters its own trainable numbers that are stored
   * @param nonZeros numbers other than zero among their effective values
   * @param storageBits bits of its own tensors in a file
   * @param macs multiply-accumulates of its own calls
   * @param activationBytes the most bytes of activations while it runs, those kept for later
   *     readers included
   * @param milliseconds the latency that the caller measured, NaN without
   */
  public record Layer(
      String path,
      String type,
      long parameters,
      long nonZeros,
      long storageBits,
      long macs,
      long activationBytes,
      double milliseconds) {}

  private static final String FORMAT = "%-28s %-12s %12s %12s %14s %14s %12s %10s%n";

  /**
   * Accounts for a model with values; nothing but shapes is computed.
   *
   * @param sample sizes of one sample without the batch axis
   */
  public static ResourceReport of(Module model, Shape sample) {
    Summary summary = Summary.of(model, sample);
    Map<String, Long> bits = storageBits(model);
    Map<String, Module> modules = model.modules();
    Map<String, Long> live = activationBytes(new ShapeTrace(model, sample));
    List<Layer> layers = new ArrayList<>();
    for (Summary.Row row : summary.rows()) {
      Module module = modules.get(row.path());
      layers.add(
          new Layer(
              row.path(),
              row.type(),
              row.params(),
              module == null ? 0 : nonZeros(module),
              bits.getOrDefault(row.path(), 0L),
              row.macs(),
              live.getOrDefault(row.path(), 0L),
              Double.NaN));
    }
    return new ResourceReport(
        List.copyOf(layers),
        summary.total().params(),
        summary.total().nonZeroParams(),
        bits.values().stream().mapToLong(Long::longValue).sum(),
        summary.total().macs(),
        live.values().stream().mapToLong(Long::longValue).max().orElse(0),
        Double.NaN);
  }

  /**
   * Returns this report with what the caller measured.
   *
   * @param ofLayers milliseconds by path; layers that are not named stay without
   * @param total milliseconds of the whole model
   */
  public ResourceReport measured(Map<String, Double> ofLayers, double total) {
    List<Layer> timed = new ArrayList<>();
    for (Layer layer : layers) {
      timed.add(
          new Layer(
              layer.path,
              layer.type,
              layer.parameters,
              layer.nonZeros,
              layer.storageBits,
              layer.macs,
              layer.activationBytes,
              ofLayers.getOrDefault(layer.path, layer.milliseconds)));
    }
    return new ResourceReport(
        List.copyOf(timed), parameters, nonZeros, storageBits, macs, peakActivationBytes, total);
  }

  /** Returns the bits of saved tensors by the path of the module that owns them. */
  private static Map<String, Long> storageBits(Module model) {
    Map<String, Module> modules = model.modules();
    Map<String, Long> bits = new TreeMap<>();
    model
        .state()
        .forEach(
            (path, parameter) -> {
              String owner = path;
              do {
                owner = owner.substring(0, Math.max(0, owner.lastIndexOf('.')));
              } while (!modules.containsKey(owner));
              bits.merge(owner, bits(parameter), Long::sum);
            });
    return bits;
  }

  private static long bits(Parameter parameter) {
    long count = parameter.isInitialized() ? parameter.raw().count() : parameter.shape().count();
    return count * parameter.dtype().bytes() * Byte.SIZE;
  }

  private static long nonZeros(Module module) {
    long count = 0;
    for (Parameter parameter : module.ownParameters().values()) {
      if (!parameter.isBuffer()) {
        count += Costs.nonZero(parameter);
      }
    }
    return count;
  }

  /** Returns the most bytes of activations by scope. */
  private static Map<String, Long> activationBytes(ShapeTrace trace) {
    List<Call> calls = trace.calls();
    Map<Var, Integer> lastRead = new IdentityHashMap<>();
    for (int i = 0; i < calls.size(); i++) {
      for (int k = 0; k < calls.get(i).inputCount(); k++) {
        lastRead.put(calls.get(i).input(k), i);
      }
    }
    Map<Var, Long> alive = new IdentityHashMap<>();
    Map<String, Long> most = new LinkedHashMap<>();
    for (int i = 0; i < calls.size(); i++) {
      Call call = calls.get(i);
      if (trace.isActivation(call.output())) {
        for (int k = 0; k < call.inputCount(); k++) {
          if (trace.isActivation(call.input(k))) {
            alive.putIfAbsent(call.input(k), size(call.input(k)));
          }
        }
        alive.put(call.output(), size(call.output()));
        long now = alive.values().stream().mapToLong(Long::longValue).sum();
        most.merge(call.scope(), now, Math::max);
      }
      int done = i;
      alive.keySet().removeIf(value -> lastRead.getOrDefault(value, done) <= done);
    }
    return new HashMap<>(most);
  }

  private static long size(Var value) {
    return (long) value.shape().count() * value.dtype().bytes();
  }

  /** Returns a table of all layers and the total. */
  @Override
  public String toString() {
    StringBuilder table = new StringBuilder();
    line(
        table,
        "layer",
        "type",
        "parameters",
        "non-zero",
        "stored bits",
        "MACs",
        "act. bytes",
        "ms");
    for (Layer layer : layers) {
      line(
          table,
          layer.path.isEmpty() ? "(model)" : layer.path,
          layer.type,
          number(layer.parameters),
          number(layer.nonZeros),
          number(layer.storageBits),
          number(layer.macs),
          number(layer.activationBytes),
          time(layer.milliseconds));
    }
    line(
        table,
        "total",
        "",
        number(parameters),
        number(nonZeros),
        number(storageBits),
        number(macs),
        number(peakActivationBytes),
        time(milliseconds));
    return table.toString();
  }

  private static void line(StringBuilder table, Object... cells) {
    table.append(String.format(Locale.ROOT, FORMAT, cells));
  }

  private static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String time(double milliseconds) {
    return Double.isNaN(milliseconds) ? "-" : String.format(Locale.ROOT, "%.3f", milliseconds);
  }
}
