package org.espalier.sparse.quant;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Spec;

/** Builds the parametrizations of this package from their specs. */
public final class QuantizationTypes implements ModuleTypes {
  /** All types by name. */
  static final Map<String, ParametrizationFactory> TYPES = Collections.unmodifiableMap(types());

  /** Creates the table; called by the service loader. */
  public QuantizationTypes() {}

  @Override
  public Map<String, Factory> modules() {
    return Map.of();
  }

  @Override
  public Map<String, ParametrizationFactory> parametrizations() {
    return TYPES;
  }

  private static Map<String, ParametrizationFactory> types() {
    Map<String, ParametrizationFactory> types = new LinkedHashMap<>();
    types.put(FakeQuantize.TYPE, FakeQuantize::of);
    types.put(LearnedStepSize.TYPE, LearnedStepSize::of);
    types.put(TrainedTernary.TYPE, TrainedTernary::of);
    types.put(ChannelScale.TYPE, (spec, shapes) -> ChannelScale.empty(shapes.apply("scale")));
    byOptions(types, BinaryConnect.TYPE, BinaryConnect::of);
    byOptions(types, BinaryValues.TYPE, spec -> new BinaryValues());
    byOptions(types, ScaledBinaryWeight.TYPE, ScaledBinaryWeight::of);
    byOptions(types, ScaledBinaryValues.TYPE, ScaledBinaryValues::of);
    byOptions(types, ScaledBinaryValues.Scale.TYPE, spec -> new ScaledBinaryValues.Scale());
    byOptions(types, DoReFaWeight.TYPE, DoReFaWeight::of);
    byOptions(types, DoReFaValues.TYPE, DoReFaValues::of);
    byOptions(types, DoReFaGradient.TYPE, DoReFaGradient::of);
    byOptions(types, TernaryWeight.TYPE, TernaryWeight::of);
    return types;
  }

  private static void byOptions(
      Map<String, ParametrizationFactory> types,
      String type,
      Function<Spec, Parametrization> create) {
    types.put(type, (spec, shapes) -> create.apply(spec));
  }
}
