package org.espalier.sparse.quant;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.ModuleTypes;

/** Builds the parametrizations of this package from their specs. */
public final class QuantizationTypes implements ModuleTypes {
  /** Creates the table; called by the service loader. */
  public QuantizationTypes() {}

  @Override
  public Map<String, Factory> modules() {
    return Map.of();
  }

  @Override
  public Map<String, ParametrizationFactory> parametrizations() {
    Map<String, ParametrizationFactory> types = new LinkedHashMap<>();
    types.put(FakeQuantize.TYPE, FakeQuantize::of);
    types.put(ChannelScale.TYPE, (spec, shapes) -> ChannelScale.empty(shapes.apply("scale")));
    return types;
  }
}
