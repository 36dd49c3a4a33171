package org.espalier.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.autograd.op.Ops;
import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class TapeTest {
  private final Workspace workspace = new Workspace();

  private static Tensor ones(int... sizes) {
    return Tensor.full(DType.F32, Shape.of(sizes), 1);
  }

  @Test
  void constantsOutsideAnyPassSimplyCompute() {
    Var y = Ops.relu(Var.constant(Tensor.of(Shape.of(2), -1f, 2f)));
    assertEquals(2, y.value().get(1));
    assertNull(y.call());
  }

  @Test
  void aTrainPassRecordsOnlyWhatAGradientNeeds() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.constant(ones(2, 3));
      Ops.relu(x);
      assertTrue(tape.calls().isEmpty());
      Var weight = tape.input(ones(4, 3), true);
      Var y = Ops.relu(Ops.linear(x, weight, null));
      assertEquals(2, tape.calls().size());
      assertSame(y, tape.calls().get(1).output());
    }
  }

  @Test
  void anInferPassKeepsNothing() {
    try (Tape tape = Tape.open(Mode.INFER, workspace)) {
      Var x = tape.input(ones(5), true);
      Var y = tape.apply(new Doubling(), x);
      assertNull(y.call());
      assertTrue(tape.calls().isEmpty());
      // Scratch went back when forward returned: the next value takes its array.
      long made = workspace.bytesMade();
      tape.apply(new Doubling(), x);
      assertEquals(made + 5 * 4, workspace.bytesMade());
    }
  }

  @Test
  void aStudyPassRecordsEverythingAndOutlivesItsTape() {
    Var y;
    Tape tape = Tape.open(Mode.STUDY, Workspace.heap());
    y = Ops.relu(tape.constant(ones(3)));
    assertEquals(1, tape.calls().size());
    tape.release(y);
    tape.close();
    assertEquals(1, y.value().get(0));
  }

  @Test
  void aShapePassComputesNothing() {
    try (Tape tape = Tape.open(Mode.SHAPES, workspace)) {
      Var x = tape.input(DType.F32, Shape.of(1000, 1000, 1000), false);
      Var y = Ops.globalAveragePool(x);
      assertEquals(Shape.of(1000, 1000), y.shape());
      assertEquals(0, workspace.bytesMade());
      assertEquals(List.of("global_average_pool"), names(tape));
      StateException refused = assertThrows(StateException.class, y::value);
      assertTrue(refused.getMessage().contains("shape pass"), refused.getMessage());
      assertThrows(StateException.class, () -> Walk.run(y, ones(1), Rule.GRADIENT));
    }
    Tape infer = Tape.open(Mode.INFER, workspace);
    assertThrows(StateException.class, () -> infer.input(DType.F32, Shape.of(1), false));
  }

  private static List<String> names(Tape tape) {
    return tape.calls().stream().map(call -> call.op().name()).toList();
  }

  @Test
  void aReleasedValueGoesBackAtOnceUnlessAGradientReadsIt() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      Var x = tape.input(ones(7), true);
      Var doubled = tape.apply(new Doubling(), x);
      Var square = Ops.mul(doubled, doubled);
      Var last = tape.apply(new Doubling(), square);
      tape.release(doubled);
      assertEquals(2, doubled.value().get(0));
      tape.release(square);
      assertThrows(StateException.class, () -> square.value().get(0));
      tape.release(square);
      tape.release(x);
      assertEquals(1, x.value().get(0));
      assertEquals(8, last.value().get(0));
    }
  }

  @Test
  void aClosedPassDetachesItsTensors() {
    Tape tape = Tape.open(Mode.INFER, workspace);
    Var y = Ops.relu(tape.constant(ones(3)));
    tape.close();
    assertThrows(StateException.class, () -> y.value().get(0));
    assertThrows(StateException.class, () -> Ops.relu(tape.constant(ones(3))));
  }

  @Test
  void aReshapeSharesTheBufferAndHoldsIt() {
    try (Tape tape = Tape.open(Mode.INFER, workspace)) {
      Var x = Ops.relu(tape.constant(ones(2, 1, 1, 3)));
      Var flat = Ops.flatten(x);
      assertSame(x.value().buffer(), flat.value().buffer());
      tape.release(x);
      assertEquals(1, flat.value().get(5));
      tape.release(flat);
      assertThrows(StateException.class, () -> flat.value().get(5));
    }
  }

  @Test
  void scopesNestAndAreNumberedWhenEnteredAgain() {
    try (Tape tape = Tape.open(Mode.STUDY, Workspace.heap())) {
      Var x = tape.constant(ones(2));
      for (int i = 0; i < 3; i++) {
        tape.enter("block");
        tape.enter("relu");
        x = Ops.relu(x);
        tape.leave();
        tape.leave();
      }
      List<String> scopes = tape.calls().stream().map(Call::scope).toList();
      assertEquals(List.of("block.relu", "block#2.relu", "block#3.relu"), scopes);
      assertEquals("", tape.scope());
    }
  }

  @Test
  void aGradientThatWouldGetLostInAnotherPassIsRefused() {
    try (Tape one = Tape.open(Mode.TRAIN, workspace);
        Tape two = Tape.open(Mode.INFER, workspace)) {
      Var student = one.input(ones(2), true);
      Var teacher = two.constant(ones(2));
      assertSame(one, Ops.add(student, teacher).tape());
      assertThrows(StateException.class, () -> Ops.add(teacher, student));
    }
  }

  @Test
  void resultsOutsideAnyPassAreConstantsAgain() {
    Var x = Ops.relu(Var.constant(ones(2)));
    assertNull(x.tape());
    assertNotNull(Ops.add(x, Ops.relu(x)));
  }

  @Test
  void mixedElementTypesAreRefusedWithTheScope() {
    try (Tape tape = Tape.open(Mode.TRAIN, workspace)) {
      tape.enter("head");
      Var x = tape.constant(ones(2));
      Var y = tape.constant(ones(2).to(DType.F64));
      DTypeException refused = assertThrows(DTypeException.class, () -> Ops.add(x, y));
      assertEquals(
          "add: input 1 is F64, expected F32 like input 0; convert with to(F32) (at head)",
          refused.getMessage());
    }
  }

  @Test
  void theFirstNonFiniteCallIsFound() {
    try (Tape tape = Tape.open(Mode.STUDY, Workspace.heap())) {
      Var x = tape.constant(Tensor.of(Shape.of(2), 0f, 1f));
      Var fine = Ops.relu(x);
      assertNull(tape.firstNonFinite());
      Var bad = Ops.div(x, fine);
      Ops.relu(bad);
      assertSame(bad.call(), tape.firstNonFinite());
      assertFalse(bad.needsGradient());
    }
  }

  @Test
  void rearrangeRefusesLettersOfOneSide() {
    Var x = Var.constant(ones(2, 3));
    assertThrows(
        org.espalier.tensor.ShapeException.class, () -> Ops.rearrange(x, "n c -> n", Map.of()));
  }
}
