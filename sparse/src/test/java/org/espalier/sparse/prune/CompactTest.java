package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Parameter;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.ResNet;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CompactTest {
  private static final Shape CIFAR = Shape.of(32, 32, 3);
  private static final Shape SMALL = Shape.of(8, 8, 3);

  private static Module lively(Module model) {
    return TestModels.lively(model, 3);
  }

  private static void zero(Module model, Shape sample, double ratio) {
    FilterLayers.of(model, sample, Set.of()).zeroWeakest(FilterNorm.L2, ratio);
  }

  @Test
  void streamFullResNet20At40PercentHasTheSheetsCost() {
    Module model = ResNet.cifar(20, 10).initialize(1);
    zero(model, CIFAR, 0.4);
    CompactReport report =
        Compact.extract(model, CIFAR, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    assertEquals(40_551_040, report.macsBefore());
    assertEquals(19_586_368, report.macsAfter());
    assertEquals(report.macsAfter(), Costs.of(model, CIFAR).macs());
  }

  @Test
  void resNet20WithInnerChannelsAloneAt40PercentHasTheKnownCost() {
    Module model = ResNet.cifar(20, 10).initialize(1);
    SoftFilterPruning.builder(CIFAR, PruneSchedule.constant(0.4))
        .exclude(notInner(model))
        .build()
        .prune(model, 0);
    CompactReport report =
        Compact.extract(model, CIFAR, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    assertEquals(25_307_776, report.macsAfter());
    assertEquals(9, report.widths().stream().filter(w -> w.after() < w.before()).count());
    assertEquals(ResNet.cifar(20, 10).spec(), model.spec());
  }

  private static String[] notInner(Module model) {
    return model.modules().keySet().stream()
        .filter(path -> path.equals("conv1") || path.endsWith("conv2"))
        .toArray(String[]::new);
  }

  @Test
  void maskingLeavesTheReadersAndWhatIsNotZeroAlone() {
    Module model = lively(ResNet.cifar(8, 10));
    zero(model, SMALL, 0.4);
    Module before = Snapshot.of(model, Map.of()).build();
    Compact.mask(model, SMALL, Compact.Mode.STREAM_FULL);
    before
        .state()
        .forEach(
            (path, parameter) -> {
              boolean silenced = path.matches(".*bn\\d\\.(weight|bias)");
              Tensor now = model.parameter(path).raw();
              assertEquals(!silenced, parameter.raw().bitEquals(now), path);
            });
  }

  @ParameterizedTest
  @EnumSource(ResNet.Shortcut.class)
  void maskedAndExtractedAgree(ResNet.Shortcut shortcut) {
    Module masked = lively(ResNet.cifar(14, 10, shortcut));
    Module compact = lively(ResNet.cifar(14, 10, shortcut));
    zero(masked, SMALL, 0.4);
    zero(compact, SMALL, 0.4);
    Compact.mask(masked, SMALL, Compact.Mode.STREAM_FULL);
    assertEquals(lively(ResNet.cifar(14, 10, shortcut)).spec(), masked.spec());
    CompactReport report =
        Compact.extract(compact, SMALL, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    assertEquals(java.util.List.of(), report.inexact());
    for (int batch : new int[] {1, 3}) {
      Tensor x = TestNet.sample(1, batch, 8, 8, 3);
      TestModels.assertClose(TestNet.infer(masked, x), TestNet.infer(compact, x));
    }
    assertTrue(report.macsAfter() < 0.55 * report.macsBefore());
  }

  @Test
  void extractedModelIsATreeThatLoadsAgain() {
    Module model = lively(ResNet.cifar(14, 10));
    zero(model, SMALL, 0.4);
    Compact.extract(model, SMALL, Compact.Mode.STREAM_FULL, MaskPolicy.DROP_CONSTANT);
    Module again =
        ModuleTypes.build(
            model.spec(),
            path -> {
              Parameter parameter = model.state().get(path);
              return parameter == null ? null : parameter.shape();
            });
    model.state().forEach((path, p) -> again.parameter(path).restore(p.raw()));
    Tensor x = TestNet.sample(1, 2, 8, 8, 3);
    assertTrue(TestNet.infer(model, x).bitEquals(TestNet.infer(again, x)));
  }

  @Test
  void coupledCutsTheStreamToo() {
    Module masked = lively(ResNet.cifar(14, 10));
    Module compact = lively(ResNet.cifar(14, 10));
    zero(masked, SMALL, 0.4);
    zero(compact, SMALL, 0.4);
    Compact.mask(masked, SMALL, Compact.Mode.COUPLED);
    CompactReport report =
        Compact.extract(compact, SMALL, Compact.Mode.COUPLED, MaskPolicy.MASK_WITH_BN);
    Tensor x = TestNet.sample(1, 2, 8, 8, 3);
    TestModels.assertClose(TestNet.infer(masked, x), TestNet.infer(compact, x));
    assertTrue(report.macsAfter() < 0.45 * report.macsBefore(), report.toString());
    assertEquals(masked.spec(), compact.spec());
  }

  @Test
  void extractionWithoutZeroesCopiesEverything() {
    Module model = lively(ResNet.cifar(8, 10));
    Module same = lively(ResNet.cifar(8, 10));
    CompactReport report =
        Compact.extract(model, SMALL, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    assertEquals(report.macsBefore(), report.macsAfter());
    assertEquals(same.spec(), model.spec());
    same.state().forEach((path, p) -> assertTrue(p.raw().bitEquals(model.parameter(path).raw())));
  }

  @Test
  void anExtractedModelCanBeExtractedAgain() {
    Module model = lively(ResNet.cifar(14, 10));
    zero(model, SMALL, 0.3);
    Compact.extract(model, SMALL, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    zero(model, SMALL, 0.3);
    Compact.mask(model, SMALL, Compact.Mode.STREAM_FULL);
    Tensor x = TestNet.sample(1, 2, 8, 8, 3);
    Tensor masked = TestNet.infer(model, x);
    CompactReport again =
        Compact.extract(model, SMALL, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    assertTrue(again.macsAfter() < again.macsBefore());
    TestModels.assertClose(masked, TestNet.infer(model, x));
  }
}
