package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.ResNet;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class ResourceReportTest {
  private static Sequential chain() {
    Sequential model =
        Sequential.builder()
            .add("fc1", new Linear(4, 4))
            .add("tanh", Activation.tanh())
            .add("fc2", new Linear(4, 2, false))
            .build();
    return Values.randomize(model, 1);
  }

  @Test
  void countsWhatEachLayerStoresAndRuns() {
    Sequential model = chain();
    model.parameter("fc2.weight").update(raw -> raw.set(3, 0));
    ResourceReport report = ResourceReport.of(model, Shape.of(4));
    assertEquals(
        List.of("fc1 20 20 640 16 32", "tanh 0 0 0 0 32", "fc2 8 7 256 8 24"),
        report.layers().stream()
            .map(
                l ->
                    "%s %d %d %d %d %d"
                        .formatted(
                            l.path(),
                            l.parameters(),
                            l.nonZeros(),
                            l.storageBits(),
                            l.macs(),
                            l.activationBytes()))
            .toList());
    assertEquals(28, report.parameters());
    assertEquals(27, report.nonZeros());
    assertEquals(896, report.storageBits());
    assertEquals(24, report.macs());
    assertEquals(32, report.peakActivationBytes());
  }

  @Test
  void aShortcutKeepsItsValueAlive() {
    Sequential branch = Sequential.of(new Linear(4, 8), new Linear(8, 4));
    Module model = Sequential.of(new Residual(branch));
    model.initialize(1);
    ResourceReport report = ResourceReport.of(model, Shape.of(4));
    assertEquals(
        List.of(48L, 64L, 48L),
        report.layers().stream().map(ResourceReport.Layer::activationBytes).toList());
    assertEquals(64, report.peakActivationBytes());
  }

  @Test
  void runningStatisticsAreStoredButNotTrained() {
    Sequential model = Sequential.of(new Linear(4, 3, false), new BatchNorm(3));
    model.initialize(1);
    ResourceReport report = ResourceReport.of(model, Shape.of(4));
    assertEquals(12 + 6, report.parameters());
    long stored = model.state().values().stream().mapToLong(p -> p.shape().count()).sum();
    assertEquals(stored * 32, report.storageBits());
    assertTrue(stored >= 12 + 12);
  }

  @Test
  void totalsAreThoseOfTheLayersAndTheCallersTimesArePrinted() {
    Module model = ResNet.cifar(8, 10).initialize(1);
    Shape sample = Shape.of(32, 32, 3);
    ResourceReport report = ResourceReport.of(model, sample);
    assertEquals(Costs.of(model, sample).macs(), report.macs());
    assertEquals(
        report.parameters(),
        report.layers().stream().mapToLong(ResourceReport.Layer::parameters).sum());
    assertEquals(
        report.nonZeros(),
        report.layers().stream().mapToLong(ResourceReport.Layer::nonZeros).sum());
    assertEquals(
        report.storageBits(),
        report.layers().stream().mapToLong(ResourceReport.Layer::storageBits).sum());
    ResourceReport timed = report.measured(Map.of("conv1", 0.25), 1.5);
    assertEquals(1.5, timed.milliseconds());
    assertEquals(0.25, timed.layers().get(0).milliseconds());
    assertTrue(timed.toString().contains("0.250") && timed.toString().contains("1.500"));
    assertTrue(Double.isNaN(timed.layers().get(1).milliseconds()));
  }
}
