package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import org.espalier.io.Checkpoint;
import org.espalier.io.PictureOptions.Colour;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.io.Png;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelInputTest {
  @TempDir private Path folder;

  private static final Normalization HALF =
      new Normalization(new double[] {0.5}, new double[] {0.25});

  private static ModelInput grey() {
    return new ModelInput(Shape.of(2, 3, 1), HALF, List.of("a", "b"), Resize.REFUSE);
  }

  @Property(tries = 50)
  void theRecordComesBackFromAFileBitForBit(
      @ForAll @IntRange(min = 1, max = 50) int height,
      @ForAll @DoubleRange(min = -3, max = 3) @Scale(15) double mean,
      @ForAll @DoubleRange(min = 1e-9, max = 3) @Scale(15) double std,
      @ForAll Resize resize)
      throws IOException {
    ModelInput input =
        new ModelInput(
            Shape.of(height, 4, 1),
            new Normalization(new double[] {mean}, new double[] {std}),
            List.of("x", "y z"),
            resize);
    Path file = Files.createTempFile("input", ".safetensors");
    Checkpoint.save(
        file,
        Snapshot.of(Models.byName("mlp-2", Shape.of(2, 2, 1), 2).initialize(1), input.meta()));
    assertEquals(input, ModelInput.of(Checkpoint.load(file).meta()));
    Files.delete(file);
  }

  @Test
  void aDataSetSaysItAll() {
    ModelInput input = ModelInput.of(Shapes.training(1, 10), Normalization.CIFAR10);
    assertEquals(Shape.of(32, 32, 3), input.shape());
    assertEquals(10, input.classNames().size());
    assertEquals(Resize.CROP, input.resize());
    assertEquals(Resize.PAD, input.resizing(Resize.PAD).pictures().resize());
  }

  @Test
  void aPictureBecomesANormalisedBatchOfOne() throws IOException {
    byte[] pixels = {0, 51, 102, (byte) 153, (byte) 204, (byte) 255};
    Path file = Files.write(folder.resolve("a.png"), Png.encode(2, 3, 1, pixels));
    Tensor x = grey().read(file);
    assertEquals(Shape.of(1, 2, 3, 1), x.shape());
    double[] expected = {-2, -1.2, -0.4, 0.4, 1.2, 2};
    assertArrayEquals(expected, x.toDoubles(), 1e-6);
    assertEquals(Colour.GREY, grey().pictures().colour());
    Path large = Files.write(folder.resolve("b.png"), Png.encode(4, 6, 1, new byte[24]));
    assertThrows(FormatException.class, () -> grey().read(large));
    assertEquals(x.shape(), grey().resizing(Resize.STRETCH).read(large).shape());
  }

  @Test
  void whatIsNoPictureIsNotReadFromOne() {
    ModelInput rows = new ModelInput(Shape.of(1), HALF, List.of("a"), Resize.CROP);
    assertTrue(assertThrows(ShapeException.class, rows::pictures).getMessage().contains("[1]"));
    ModelInput two =
        new ModelInput(Shape.of(4, 4, 2), Normalization.identity(2), List.of("a"), Resize.CROP);
    assertThrows(ShapeException.class, two::pictures);
  }

  @Test
  void partsThatContradictEachOtherAreRefused() {
    Module model = ResNet.cifar(8, 3).initialize(1);
    ModelInput fits = ModelInput.of(Shapes.training(1, 4), Normalization.identity(3));
    assertTrue(
        assertThrows(ShapeException.class, () -> fits.check(model))
            .getMessage()
            .contains("[1, 3] to one sample, there are 10 class names"));
    fits.check(ResNet.cifar(8, 10).initialize(1));
    assertThrows(
        ShapeException.class,
        () -> new ModelInput(Shape.of(4, 4, 3), HALF, List.of("a"), Resize.CROP));
  }

  @Test
  void missingAndDamagedPartsAreNamed() {
    for (String key : List.of("input_shape", "normalization_mean", "class_names")) {
      Map<String, Object> meta = new LinkedHashMap<>(grey().meta());
      meta.remove(key);
      assertNamed(key, meta);
    }
    assertNamed("input_shape", with("input_shape", List.of(2L, 0L)));
    assertNamed("normalization_std", with("normalization_std", List.of("wide")));
    assertNamed("picture_resize", with("picture_resize", "SQUEEZE"));
    Map<String, Object> old = new LinkedHashMap<>(grey().meta());
    old.remove("picture_resize");
    assertEquals(Resize.CROP, ModelInput.of(old).resize());
  }

  private static Map<String, Object> with(String key, Object value) {
    Map<String, Object> meta = new LinkedHashMap<>(grey().meta());
    meta.put(key, value);
    return meta;
  }

  private static void assertNamed(String key, Map<String, Object> meta) {
    String message = assertThrows(FormatException.class, () -> ModelInput.of(meta)).getMessage();
    assertTrue(message.contains(key), message);
  }
}
