package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class ShapesTest {
  private static byte[] picture(Dataset data, int index) {
    return ((MemoryDataset) data).pixels(index);
  }

  @Test
  void aPictureDependsOnSeedPartAndNumberOnly() {
    Dataset few = Shapes.training(1, 20);
    Dataset many = Shapes.training(1, 40);
    assertArrayEquals(picture(few, 13), picture(many, 13));
    assertFalse(Arrays.equals(picture(few, 13), picture(Shapes.training(2, 20), 13)));
    assertFalse(Arrays.equals(picture(few, 13), picture(Shapes.test(1, 20), 13)));
    assertFalse(Arrays.equals(picture(few, 3), picture(few, 13)));
  }

  @Test
  void classesAreTenAndBalanced() {
    Dataset data = Shapes.training(1, 30);
    assertEquals(Shape.of(32, 32, 3), data.sampleShape());
    assertEquals(10, data.classNames().size());
    for (int i = 0; i < 30; i++) {
      assertEquals(i % 10, data.label(i));
    }
  }

  @Test
  void outlinesFillTheirCircleWithoutLeavingIt() {
    for (Outline outline : Outline.values()) {
      double area = 0;
      for (double y = -1.5; y <= 1.5; y += 0.02) {
        for (double x = -1.5; x <= 1.5; x += 0.02) {
          if (outline.distance(x, y) < 0) {
            area += 0.02 * 0.02;
            assertTrue(x * x + y * y <= 1.01, outline + " lies in the unit circle");
          }
        }
      }
      assertTrue(area > 0.7 && area < 2.4, outline + " is neither a dot nor everything: " + area);
    }
  }

  @Test
  void coloursDoNotGiveTheClassAway() {
    Dataset data = Shapes.training(4, 2000);
    double[] brightness = new double[10];
    for (int i = 0; i < data.size(); i++) {
      for (byte value : picture(data, i)) {
        brightness[data.label(i)] += (value & 0xFF) / (200.0 * 3072 * 255);
      }
    }
    for (double mean : brightness) {
      assertEquals(0.5, mean, 0.07);
    }
  }

  @Test
  void aLinearClassifierStaysBelowSixtyPercent() {
    Dataset training = Shapes.training(1, 4000);
    LinearClassifier classifier = new LinearClassifier(training.sampleShape().count(), 10);
    for (int epoch = 0; epoch < 12; epoch++) {
      classifier.train(training, Random.of(1).at(epoch), 0.002 / (1 + epoch));
    }
    double accuracy = classifier.accuracy(Shapes.test(1, 1000));
    assertTrue(accuracy < 0.6, "test accuracy of a linear classifier: " + accuracy);
    // The classifier does learn, so the bound says something.
    assertTrue(classifier.accuracy(training) > 0.2, "training accuracy");
  }

  @Test
  void refusesANegativeCount() {
    assertThrows(IllegalArgumentException.class, () -> Shapes.training(1, -1));
  }

  /** Softmax regression on pixels, by stochastic gradient descent. */
  private static final class LinearClassifier {
    private final float[][] weights;
    private final float[] values;

    LinearClassifier(int features, int classes) {
      weights = new float[classes][features + 1];
      values = new float[features + 1];
    }

    void train(Dataset data, Random random, double rate) {
      for (int index : random.permutation(data.size())) {
        double[] gradient = softmax(read(data, index));
        gradient[data.label(index)] -= 1;
        for (int k = 0; k < gradient.length; k++) {
          float step = (float) (rate * gradient[k]);
          for (int i = 0; i < values.length; i++) {
            weights[k][i] -= step * values[i];
          }
        }
      }
    }

    double accuracy(Dataset data) {
      int right = 0;
      for (int index = 0; index < data.size(); index++) {
        double[] scores = read(data, index);
        int best = 0;
        for (int k = 1; k < scores.length; k++) {
          best = scores[k] > scores[best] ? k : best;
        }
        right += best == data.label(index) ? 1 : 0;
      }
      return (double) right / data.size();
    }

    private double[] read(Dataset data, int index) {
      data.read(index, values, 0);
      double[] scores = new double[weights.length];
      for (int i = 0; i < values.length - 1; i++) {
        values[i] = 2 * values[i] - 1;
      }
      values[values.length - 1] = 1;
      for (int k = 0; k < scores.length; k++) {
        float sum = 0;
        for (int i = 0; i < values.length; i++) {
          sum += weights[k][i] * values[i];
        }
        scores[k] = sum;
      }
      return scores;
    }

    private static double[] softmax(double[] scores) {
      double largest = Arrays.stream(scores).max().orElseThrow();
      double sum = 0;
      for (int k = 0; k < scores.length; k++) {
        scores[k] = Math.exp(scores[k] - largest);
        sum += scores[k];
      }
      for (int k = 0; k < scores.length; k++) {
        scores[k] /= sum;
      }
      return scores;
    }
  }
}
