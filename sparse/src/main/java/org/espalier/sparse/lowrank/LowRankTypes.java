package org.espalier.sparse.lowrank;

import java.util.Map;
import org.espalier.nn.ModuleTypes;

/** Builds the parametrization of this package from its spec. */
public final class LowRankTypes implements ModuleTypes {
  /** Creates the table; called by the service loader. */
  public LowRankTypes() {}

  @Override
  public Map<String, Factory> modules() {
    return Map.of();
  }

  @Override
  public Map<String, ParametrizationFactory> parametrizations() {
    return Map.of(LowRank.TYPE, LowRank.factory());
  }
}
