package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class KernelLookupTest {
  private static boolean vectorModule() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  @Test
  void float64IsServedByTheReferenceSet() {
    assertEquals("reference", KernelLookup.of(DType.F64).name());
    assertEquals(
        "reference", KernelLookup.of(Tensor.zeros(DType.F64, Tensor.zeros(2).shape())).name());
  }

  @Test
  void float32IsNotServedByTheReferenceSetUnlessForced() {
    assertNotEquals("reference", KernelLookup.of(DType.F32).name());
    assertSame(KernelLookup.of(DType.F32), KernelLookup.of(DType.F32));
  }

  @Test
  void integersHaveNoArithmetic() {
    DTypeException error = assertThrows(DTypeException.class, () -> KernelLookup.of(DType.I32));
    assertTrue(error.getMessage().contains("to(F32)"), error.getMessage());
  }

  @Test
  void aDescriptionNamesTheSetAndTheReason() {
    String text = KernelLookup.describe();
    assertTrue(text.startsWith(KernelLookup.of(DType.F32).name() + ": "), text);
    if (!vectorModule()) {
      assertTrue(text.contains("--add-modules jdk.incubator.vector"), text);
    }
  }

  @Test
  void setsAreFoundByName() {
    assertEquals("scalar", KernelLookup.named("scalar").name());
    assertEquals("reference", KernelLookup.named("reference").name());
    if (vectorModule()) {
      assertEquals("vector", KernelLookup.named("vector").name());
    } else {
      StateException error = assertThrows(StateException.class, () -> KernelLookup.named("vector"));
      assertTrue(error.getMessage().contains("--add-modules"), error.getMessage());
    }
  }

  @Test
  void anUnknownNameIsAnErrorThatListsTheNames() {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> KernelLookup.named("fast"));
    assertTrue(error.getMessage().contains("scalar, vector or reference"), error.getMessage());
  }

  @Test
  void aSetIsForcedWithinATaskAndRestoredBehindIt() {
    List<String> seen = new ArrayList<>();
    String usual = KernelLookup.of(DType.F32).name();
    KernelLookup.using(
        "reference",
        () -> {
          seen.add(KernelLookup.of(DType.F32).name());
          KernelLookup.using("scalar", () -> seen.add(KernelLookup.of(DType.F32).name()));
          seen.add(KernelLookup.of(DType.F32).name());
          seen.add(KernelLookup.of(DType.F64).name());
        });
    assertEquals(List.of("reference", "scalar", "reference", "reference"), seen);
    assertEquals(usual, KernelLookup.of(DType.F32).name());
  }

  @Test
  void aForcedSetIsRestoredBehindAFailure() {
    String usual = KernelLookup.of(DType.F32).name();
    assertThrows(
        ArithmeticException.class,
        () ->
            KernelLookup.using(
                "reference",
                () -> {
                  throw new ArithmeticException();
                }));
    assertEquals(usual, KernelLookup.of(DType.F32).name());
  }

  @Test
  void otherThreadsDoNotSeeAForcedSet() throws InterruptedException {
    List<String> seen = new ArrayList<>();
    String usual = KernelLookup.of(DType.F32).name();
    Thread other = new Thread(() -> seen.add(KernelLookup.of(DType.F32).name()));
    KernelLookup.using("reference", other::start);
    other.join();
    assertEquals(List.of(usual), seen);
  }
}
