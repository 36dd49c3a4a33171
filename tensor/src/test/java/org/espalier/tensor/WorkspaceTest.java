package org.espalier.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class WorkspaceTest {
  private static final Shape SHAPE = Shape.of(4, 5);

  @Test
  void aClosedLeaseGivesItsArraysToTheNext() {
    Workspace workspace = new Workspace();
    float[] first;
    try (Workspace.Lease lease = workspace.lease()) {
      first = lease.take(DType.F32, SHAPE).f32();
    }
    try (Workspace.Lease lease = workspace.lease()) {
      assertSame(first, lease.take(DType.F32, Shape.of(20)).f32());
      assertNotSame(first, lease.take(DType.F32, SHAPE).f32());
    }
    assertEquals(2 * 20 * 4, workspace.bytesMade());
  }

  @Test
  void aSteadyStepMakesNoArray() {
    Workspace workspace = new Workspace();
    long after = 0;
    for (int step = 0; step < 50; step++) {
      try (Workspace.Lease lease = workspace.lease()) {
        lease.take(DType.F32, SHAPE);
        lease.take(DType.I32, SHAPE);
        lease.release(lease.take(DType.F64, SHAPE));
        lease.take(DType.F64, SHAPE);
      }
      after = step == 0 ? workspace.bytesMade() : after;
    }
    assertEquals(20 * (4 + 4 + 8), after);
    assertEquals(after, workspace.bytesMade());
  }

  @Test
  void aTensorOfAClosedLeaseCannotBeRead() {
    Tensor tensor;
    Tensor view;
    try (Workspace.Lease lease = new Workspace().lease()) {
      tensor = lease.take(DType.F32, SHAPE);
      view = tensor.reshape(20);
    }
    StateException error = assertThrows(StateException.class, tensor::f32);
    assertTrue(error.getMessage().contains("copy()"), error.getMessage());
    assertThrows(StateException.class, () -> view.get(0));
    assertTrue(tensor.toString().contains("given back"));
  }

  @Test
  void theLastHolderGivesTheArrayBackAtOnce() {
    Workspace workspace = new Workspace();
    try (Workspace.Lease lease = workspace.lease()) {
      Tensor tensor = lease.take(DType.F32, SHAPE);
      float[] array = tensor.f32();
      assertTrue(lease.isExclusive(tensor));
      lease.retain(tensor);
      assertFalse(lease.isExclusive(tensor));
      lease.release(tensor);
      assertTrue(lease.isExclusive(tensor));
      assertSame(array, tensor.f32());
      lease.release(tensor);
      assertThrows(StateException.class, tensor::f32);
      assertSame(array, lease.take(DType.F32, SHAPE).f32());
    }
  }

  @Test
  void tensorsOfOthersAreLeftAlone() {
    Workspace workspace = new Workspace();
    Tensor parameter = Tensor.zeros(4, 5);
    try (Workspace.Lease other = workspace.lease()) {
      Tensor foreign = other.take(DType.F32, SHAPE);
      try (Workspace.Lease lease = workspace.lease()) {
        for (Tensor tensor : new Tensor[] {parameter, foreign}) {
          lease.release(tensor);
          lease.retain(tensor);
          assertFalse(lease.isExclusive(tensor));
        }
      }
      assertEquals(20, foreign.f32().length);
      assertTrue(other.isExclusive(foreign));
    }
    assertEquals(0, parameter.get(0));
  }

  @Test
  void aReleasedArrayIsNotGivenBackTwice() {
    Workspace workspace = new Workspace();
    try (Workspace.Lease lease = workspace.lease()) {
      lease.release(lease.take(DType.F32, SHAPE));
    }
    try (Workspace.Lease lease = workspace.lease()) {
      assertNotSame(lease.take(DType.F32, SHAPE).f32(), lease.take(DType.F32, SHAPE).f32());
    }
  }

  @Test
  void aClosedLeaseLendsNothing() {
    Workspace.Lease lease = new Workspace().lease();
    lease.close();
    assertThrows(StateException.class, () -> lease.take(DType.F32, SHAPE));
  }

  @Test
  void theHeapKeepsWhatSomeoneHolds() {
    Tensor tensor;
    try (Workspace.Lease lease = Workspace.heap().lease()) {
      tensor = lease.take(DType.F32, SHAPE);
      lease.release(tensor);
    }
    assertEquals(0, tensor.get(3));
  }

  @Test
  void aTrimmedWorkspaceStartsAnew() {
    Workspace workspace = new Workspace();
    try (Workspace.Lease lease = workspace.lease()) {
      lease.take(DType.F32, SHAPE);
    }
    workspace.trim();
    try (Workspace.Lease lease = workspace.lease()) {
      lease.take(DType.F32, SHAPE);
    }
    assertEquals(2 * 20 * 4, workspace.bytesMade());
  }

  @Test
  void aPoisonedWorkspaceLendsNaNEveryTime() {
    Workspace workspace = Workspace.poisoned();
    for (int round = 0; round < 2; round++) {
      try (Workspace.Lease lease = workspace.lease()) {
        Tensor tensor = lease.take(DType.F32, SHAPE);
        assertTrue(Double.isNaN(tensor.get(19)));
        tensor.fill(1);
        assertEquals(Integer.MIN_VALUE, lease.take(DType.I32, SHAPE).get(19));
      }
    }
  }
}
