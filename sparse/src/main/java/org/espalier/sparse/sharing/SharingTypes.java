package org.espalier.sparse.sharing;

import java.util.Map;
import org.espalier.nn.ModuleTypes;

/** Builds the parametrizations of this package from their specs. */
public final class SharingTypes implements ModuleTypes {
  /** Creates the table; called by the service loader. */
  public SharingTypes() {}

  @Override
  public Map<String, Factory> modules() {
    return Map.of();
  }

  @Override
  public Map<String, ParametrizationFactory> parametrizations() {
    return Map.of(
        WeightClustering.TYPE,
        WeightClustering.factory(),
        HashedWeights.TYPE,
        HashedWeights.factory());
  }
}
