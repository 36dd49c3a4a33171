package org.espalier.sparse.prune.criterion.hrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.model.DenseNet;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.criterion.RandomScore;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

/** Figures of the authors' tables and script (HRank, sheet 08, sections 2.6, 2.7 and 4). */
class ReleasedCostTest {
  private static final Shape IMAGE = Shape.of(32, 32, 3);

  @Test
  void theReleasedScriptsFiguresComeOutExactly() {
    assertEquals(
        new ReleasedCost(125_485_706, 848_954),
        ReleasedCost.of(ResNet.cifar(56, 10), IMAGE, CompressRates.parse("[0.0]*55")));
    assertEquals(
        new ReleasedCost(62_715_530, 489_359),
        ReleasedCost.of(ResNet.cifar(56, 10), IMAGE, ReleasedRates.RESNET_56.rates()));
    assertEquals(
        156_884_618,
        ReleasedCost.of(ResNet.cifar(110, 10), IMAGE, ReleasedRates.RESNET_110.rates()).flops());
    assertEquals(
        167_410_906,
        ReleasedCost.of(DenseNet.plain(40, 12, 3, 10), IMAGE, ReleasedRates.DENSENET_40.rates())
            .flops());
  }

  /** That they come out confirms the order of the rates, which the sheet had to reconstruct. */
  @Test
  void resNet50AndDenseNetHaveTheirPublishedSizes() {
    ReleasedCost resnet =
        ReleasedCost.of(
            ResNet.imagenet(50, 1000), Shape.of(224, 224, 3), ReleasedRates.RESNET_50.rates());
    assertEquals(1.55, resnet.flops() / 1e9, 0.005);
    assertEquals(13.77, resnet.parameters() / 1e6, 0.005);
    ReleasedCost dense =
        ReleasedCost.of(DenseNet.plain(40, 12, 3, 10), IMAGE, ReleasedRates.DENSENET_40.rates());
    assertEquals(0.66, dense.parameters() / 1e6, 0.005);
  }

  @Test
  void vggCountsAsTheSheetCountsIt() {
    Module hidden = Models.byName("vgg16-hidden", IMAGE, 10);
    ReleasedCost dense = ReleasedCost.of(hidden, IMAGE, CompressRates.parse("[0.0]*13"));
    assertEquals(313_464_330, dense.flops());
    CompressRates printed = ReleasedRates.VGG_16.rates();
    ReleasedCost all = ReleasedCost.of(hidden, IMAGE, printed);
    assertEquals(109.09, all.flops() / 1e6, 0.005);
    assertEquals(2.92, all.parameters() / 1e6, 0.005);
    CompressRates forced = new CompressRates(printed.values().subList(0, 12));
    ReleasedCost asRun = ReleasedCost.of(hidden, IMAGE, forced);
    assertEquals(116.63, asRun.flops() / 1e6, 0.005);
    assertEquals(4.81, asRun.parameters() / 1e6, 0.005);

    Module model = hidden.initialize(1);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    var ratios = RatedLayers.of(model, IMAGE).inner(graph, printed);
    Pruner.local(new RandomScore(1), ratios).innerOnly().plan(graph).apply();
    Costs costs = Costs.of(model, IMAGE);
    assertEquals(43_232_112, costs.macs());
    assertEquals(
        1_350_093, costs.convWeightParams() + costs.linearWeightParams() + costs.biasParams());
  }

  @Test
  void channelsInsideBlocksAloneGiveTheCorrectedFigure() {
    Module model = ResNet.cifar(110, 10).initialize(1);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    RatedLayers layers = RatedLayers.of(model, IMAGE);
    var ratios = layers.inner(graph, ReleasedRates.RESNET_110.rates());
    Pruner.local(new RandomScore(1), ratios).innerOnly().plan(graph).apply();
    assertEquals(156_912_256, Costs.of(model, IMAGE).macs());
  }

  @Test
  void otherNumbersOfRatesAreRefused() {
    Module model = ResNet.cifar(20, 10);
    assertRefused(
        "5 compress rates for 19",
        () -> ReleasedCost.of(model, IMAGE, CompressRates.parse("[0.5]*5")));
    RatedLayers layers = RatedLayers.of(model, IMAGE);
    assertEquals(19, layers.prunable());
    assertRefused("18 compress rates for 19", () -> layers.fit(CompressRates.parse("[0.5]*18")));
    assertRefused("20 compress rates for 19", () -> layers.fit(CompressRates.parse("[0.5]*20")));
  }

  @Test
  void theLastRateOfAChainIsIgnored() {
    Module model = Models.byName("vgg16", IMAGE, 10);
    RatedLayers layers = RatedLayers.of(model, IMAGE);
    assertEquals(12, layers.prunable());
    assertEquals(13, layers.paths().size());
    CompressRates fitted = layers.fit(ReleasedRates.VGG_16.rates());
    assertEquals(13, fitted.size());
    assertEquals(0, fitted.of(12));
    assertEquals(0.8, fitted.of(11));
    assertEquals(fitted, layers.fit(CompressRates.parse("[0.95]+[0.5]*6+[0.9]*4+[0.8]")));
    assertRefused("11 compress rates for 12", () -> layers.fit(CompressRates.parse("[0.5]*11")));
  }
}
