package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Decides over JVMs that are not at hand. */
class VectorGateTest {
  private static final String SERVER = "OpenJDK 64-Bit Server VM";
  private static final String MIXED = "mixed mode, sharing";

  private static VectorGate gate(String name, String info) {
    return new VectorGate(
        name, info, 17, "amd64", true, Optional.of(false), Optional.of(4), Optional.of(true));
  }

  private static void refuses(VectorGate gate, String hint) {
    String objection = gate.objection().orElse("none");
    assertTrue(objection.contains(hint), objection);
  }

  @Test
  void hotSpotWithC2AndFusedMultiplyAddPasses() {
    assertEquals(Optional.empty(), gate(SERVER, MIXED).objection());
    assertEquals(Optional.empty(), gate("Java HotSpot(TM) 64-Bit Server VM", MIXED).objection());
    assertEquals(Optional.empty(), gate(SERVER, MIXED).objection(128));
    assertEquals(Optional.empty(), gate(SERVER, MIXED).objection(512));
  }

  @Test
  void aMissingModuleNamesTheFlagThatAddsIt() {
    refuses(
        new VectorGate(
            SERVER,
            MIXED,
            25,
            "amd64",
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        "--add-modules jdk.incubator.vector");
  }

  @Test
  void virtualMachinesWithoutC2AreRefused() {
    refuses(gate("Eclipse OpenJ9 VM", ""), "Eclipse OpenJ9 VM");
    refuses(gate("OpenJDK 64-Bit Zero VM", "interpreted mode"), "Zero");
    refuses(gate(SERVER, "interpreted mode, sharing"), "-Xint");
    refuses(gate(SERVER, "mixed mode, emulated-client, sharing"), "C2");
  }

  @Test
  void aJvmThatStopsBeforeC2IsRefusedEvenIfItsNameDoesNotTell() {
    refuses(
        new VectorGate(
            SERVER,
            MIXED,
            17,
            "amd64",
            true,
            Optional.of(false),
            Optional.of(3),
            Optional.of(true)),
        "TieredStopAtLevel");
  }

  @Test
  void graalPassesFromJava25On() {
    for (int feature : new int[] {17, 24, 25, 26}) {
      VectorGate gate =
          new VectorGate(
              SERVER,
              MIXED,
              feature,
              "amd64",
              true,
              Optional.of(true),
              Optional.of(4),
              Optional.of(true));
      assertEquals(feature >= 25, gate.objection().isEmpty(), "Java " + feature);
    }
  }

  @Test
  void shortVectorsAndMissingFusedMultiplyAddAreRefused() {
    VectorGate gate = gate(SERVER, MIXED);
    assertTrue(gate.objection(64).orElse("none").contains("64 bits"));
    VectorGate without =
        new VectorGate(
            SERVER,
            MIXED,
            17,
            "amd64",
            true,
            Optional.of(false),
            Optional.of(4),
            Optional.of(false));
    assertTrue(without.objection(512).orElse("none").contains("multiply-add"));
  }

  @Test
  void whereNobodyTellsWideVectorsAndArmCountAsHavingFusedMultiplyAdd() {
    VectorGate intel =
        new VectorGate(
            SERVER, MIXED, 17, "amd64", true, Optional.empty(), Optional.empty(), Optional.empty());
    assertTrue(intel.objection(128).isPresent());
    assertTrue(intel.objection(256).isEmpty());
    VectorGate arm =
        new VectorGate(
            SERVER,
            MIXED,
            17,
            "aarch64",
            true,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    assertTrue(arm.objection(128).isEmpty());
  }

  @Test
  void theFactsOfThisJvmAreRead() {
    VectorGate here = VectorGate.ofThisJvm(true);
    assertEquals(Runtime.version().feature(), here.feature());
    assertEquals(System.getProperty("java.vm.name"), here.vmName());
  }
}
