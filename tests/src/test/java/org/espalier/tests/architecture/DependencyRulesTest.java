package org.espalier.tests.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Rules that are read off the compiled classes: who may import whom, and what nobody may use. */
class DependencyRulesTest {
  private static final String ROOT = "org.espalier.";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("/org/espalier/tests/"))
          .importPackages("org.espalier");

  @Test
  void theWholeHouseIsSeen() {
    assertTrue(CLASSES.size() > 100, "got " + CLASSES.size());
  }

  @Test
  void modulesImportOnlyAlongTheArrows() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("org.espalier..")
        .layer("tensor")
        .definedBy(ROOT + "tensor..")
        .layer("autograd")
        .definedBy(ROOT + "autograd..")
        .layer("nn")
        .definedBy(ROOT + "nn..")
        .layer("optim")
        .definedBy(ROOT + "optim..")
        .layer("sparse")
        .definedBy(ROOT + "sparse..")
        .layer("io")
        .definedBy(ROOT + "io..")
        .layer("cli")
        .definedBy(ROOT + "cli..")
        .optionalLayer("bench")
        .definedBy(ROOT + "bench..")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("bench")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("sparse")
        .mayOnlyBeAccessedByLayers("cli", "bench")
        .whereLayer("io")
        .mayOnlyBeAccessedByLayers("cli", "bench")
        .whereLayer("optim")
        .mayOnlyBeAccessedByLayers("sparse", "cli", "bench")
        .whereLayer("nn")
        .mayOnlyBeAccessedByLayers("optim", "sparse", "io", "cli", "bench")
        .whereLayer("autograd")
        .mayOnlyBeAccessedByLayers("nn", "optim", "sparse", "io", "cli", "bench")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("org.espalier.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void kernelSetsAreReachedByNameOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + "tensor.internal..")
        .and()
        .resideOutsideOfPackages(ROOT + "tensor.linalg..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + "tensor.internal..")
        .check(CLASSES);
  }

  @Test
  void librariesDoNotPrint() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + "cli..", ROOT + "bench..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(CLASSES);
  }

  @Test
  void onlyTheKernelLookupReflects() {
    noClasses()
        .that()
        .doNotHaveSimpleName("KernelLookup")
        .and()
        .resideOutsideOfPackages(ROOT + "bench..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.lang.reflect..")
        .orShould()
        .callMethod(Class.class, "forName", String.class)
        .check(CLASSES);
  }

  @Test
  void staticFieldsAreFinal() {
    fields()
        .that()
        .areStatic()
        .and()
        .areDeclaredInClassesThat()
        .resideOutsideOfPackages(ROOT + "bench..")
        .should()
        .beFinal()
        .check(CLASSES);
  }
}
