package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ChannelsFirstTest {
  private static final int HEIGHT = 2;
  private static final int WIDTH = 3;
  private static final int CHANNELS = 4;

  private final Module model =
      Sequential.builder()
          .add("conv", new Conv2d(2, CHANNELS, 3))
          .add("flatten", new Flatten())
          .add("norm", new BatchNorm(HEIGHT * WIDTH * CHANNELS))
          .add("fc1", new Linear(HEIGHT * WIDTH * CHANNELS, 5))
          .add("fc2", new Linear(5, 3))
          .build();

  private final ChannelsFirst layout = ChannelsFirst.of(model, Shape.of(HEIGHT + 2, WIDTH + 2, 2));

  private static Tensor counting(int... sizes) {
    Tensor tensor = Tensor.zeros(DType.F32, Shape.of(sizes));
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, i);
    }
    return tensor;
  }

  @Test
  void aKernelsInputAxisMovesToTheEnd() {
    Tensor file = counting(CHANNELS, 2, 3, 3);
    Tensor ours = layout.toChannelsLast("conv.weight", Shape.of(CHANNELS, 3, 3, 2), file);
    for (int o = 0; o < CHANNELS; o++) {
      for (int i = 0; i < 2; i++) {
        for (int place = 0; place < 9; place++) {
          assertEquals(
              file.get((o * 2 + i) * 9 + place), ours.get((o * 9 + place) * 2 + i), "o" + o);
        }
      }
    }
  }

  @Test
  void columnsBehindFlattenCountChannelsInnermostHereAndOutermostThere() {
    Tensor file = counting(5, HEIGHT * WIDTH * CHANNELS);
    Tensor ours = layout.toChannelsLast("fc1.weight", file.shape(), file);
    for (int row = 0; row < 5; row++) {
      for (int place = 0; place < HEIGHT * WIDTH; place++) {
        for (int c = 0; c < CHANNELS; c++) {
          assertEquals(
              file.get(row * 24 + c * HEIGHT * WIDTH + place),
              ours.get(row * 24 + place * CHANNELS + c));
        }
      }
    }
  }

  @Test
  void aNormBehindFlattenFollows() {
    Tensor file = counting(HEIGHT * WIDTH * CHANNELS);
    for (String name : new String[] {"weight", "bias", "running_mean", "running_var"}) {
      Tensor ours = layout.toChannelsLast("norm." + name, file.shape(), file);
      assertEquals(file.get(HEIGHT * WIDTH), ours.get(1), name);
      assertEquals(file.get(1), ours.get(CHANNELS), name);
    }
  }

  @Test
  void aLayerFartherBehindIsAsItIs() {
    Tensor file = counting(3, 5);
    assertSame(file, layout.toChannelsLast("fc2.weight", file.shape(), file));
  }

  @Test
  void thereAndBackIsTheSame() {
    model.initialize(7);
    model
        .state()
        .forEach(
            (path, parameter) -> {
              Tensor ours = parameter.raw();
              Tensor file = layout.toChannelsFirst(path, ours);
              assertTrue(ours.bitEquals(layout.toChannelsLast(path, ours.shape(), file)), path);
            });
  }

  @Test
  void anotherShapeIsRefusedWithBoth() {
    ShapeException refused =
        assertThrows(
            ShapeException.class,
            () ->
                layout.toChannelsLast(
                    "conv.weight", Shape.of(CHANNELS, 3, 3, 2), counting(CHANNELS, 3, 3, 2)));
    assertTrue(refused.getMessage().startsWith("conv.weight"), refused.getMessage());
    assertTrue(refused.getMessage().contains("[4, 3, 3, 2]"), refused.getMessage());
    assertThrows(
        ShapeException.class,
        () -> layout.toChannelsLast("conv.weight", Shape.of(CHANNELS, 3, 3, 2), counting(72)));
  }
}
