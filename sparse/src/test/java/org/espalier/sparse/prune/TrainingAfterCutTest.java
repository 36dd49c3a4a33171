package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.model.Models;
import org.espalier.optim.Adam;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Sgd;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Cuts in the middle of training and trains on: slots were cut with their parameters. */
class TrainingAfterCutTest {
  private static final Shape SMALL = Shape.of(4, 4, 3);
  private static final TestData DATA = new TestData(4, 5, 4);

  static Stream<Arguments> runs() {
    return Stream.of("resnet8", "wrn-10-0.5")
        .flatMap(name -> Stream.of(Arguments.of(name, "sgd"), Arguments.of(name, "adam")));
  }

  private static Optimizer optimizer(String name) {
    return name.equals("sgd")
        ? Sgd.builder().rate(0.02).momentum(0.9).nesterov(true).weightDecay(5e-4).build()
        : Adam.builder().rate(0.002).build();
  }

  @ParameterizedTest
  @MethodSource("runs")
  void twentyStepsEqualTheMaskedModels(String name, String optimizerName) {
    Optimizer optimizer = optimizer(optimizerName);
    Module masked = TestModels.lively(Models.byName(name, SMALL, 5), 4).convert(DType.F64);
    Module compact = TestModels.lively(Models.byName(name, SMALL, 5), 4).convert(DType.F64);
    for (int step = 0; step < 3; step++) {
      double loss = TestData.step(masked, optimizer, DATA.batch(step), DType.F64, step);
      assertEquals(loss, TestData.step(compact, optimizer, DATA.batch(step), DType.F64, step));
    }
    ChannelGraph full = ChannelGraph.of(masked, SMALL);
    mask(everyThird(full).cuts());
    everyThird(ChannelGraph.of(compact, SMALL)).apply();

    for (int step = 3; step < 23; step++) {
      double loss = TestData.step(masked, optimizer, DATA.batch(step), DType.F64, step);
      assertEquals(
          loss, TestData.step(compact, optimizer, DATA.batch(step), DType.F64, step), 1e-5 * loss);
    }
    everyThird(full).apply();
    compact.state().forEach((path, p) -> assertNear(path, masked.parameter(path).value(), p));
  }

  private static void assertNear(String path, Tensor expected, Parameter actual) {
    Tensor value = actual.value();
    assertEquals(expected.shape(), value.shape(), path);
    double most = 0;
    for (double v : expected.toDoubles()) {
      most = Math.max(most, Math.abs(v));
    }
    for (int e = 0; e < value.count(); e++) {
      assertEquals(expected.get(e), value.get(e), 1e-5 * most, path + "[" + e + "]");
    }
    if (!actual.isBuffer()) {
      assertTrue(actual.slots().size() > 0, path + " has slots");
    }
  }

  private static PruningPlan everyThird(ChannelGraph graph) {
    Map<ChannelGroup, Indices> keep = new LinkedHashMap<>();
    for (ChannelGroup group : graph.prunable()) {
      keep.put(group, Indices.where(group.size(), i -> i % 3 != 1));
    }
    return new PruningPlan(graph, keep);
  }

  /** Masks rows, norms and columns for good: their raw values may go on, their values are zero. */
  private static void mask(ChannelSelection selection) {
    Map<Parameter, Tensor> masks = new LinkedHashMap<>();
    List<Member> members = selection.members();
    for (Member member : members) {
      if (!member.parameter().isBuffer()) {
        Tensor mask =
            masks.computeIfAbsent(member.parameter(), p -> Tensor.full(DType.F64, p.shape(), 1));
        for (int index : member.indices()) {
          Slices.visit(mask, member.axis(), index, e -> mask.set(e, 0));
        }
      }
    }
    masks.forEach((parameter, mask) -> parameter.attach(new FixedMask(mask)));
  }
}
