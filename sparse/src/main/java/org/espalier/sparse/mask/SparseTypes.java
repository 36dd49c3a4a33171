package org.espalier.sparse.mask;

import java.util.Map;
import org.espalier.nn.ModuleTypes;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;

/** Builds the parametrizations of this module from their specs. */
public final class SparseTypes implements ModuleTypes {
  /** Creates the table; called by the service loader. */
  public SparseTypes() {}

  @Override
  public Map<String, Factory> modules() {
    return Map.of();
  }

  @Override
  public Map<String, ParametrizationFactory> parametrizations() {
    return Map.of(
        FixedMask.TYPE, (spec, shapes) -> FixedMask.empty(shapes.apply("mask")),
        LearnedMask.TYPE, (spec, shapes) -> LearnedMask.of(spec, shapes.apply("score")),
        SurgeryMask.TYPE,
            (spec, shapes) -> new SurgeryMask(Tensor.full(DType.F32, shapes.apply("mask"), 1)),
        StructureScales.TYPE, (spec, shapes) -> StructureScales.of(spec, shapes.apply("alpha")));
  }
}
