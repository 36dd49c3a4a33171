package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.espalier.sparse.prune.Budget;
import org.espalier.sparse.prune.Ratios;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CutTest {
  @ParameterizedTest
  @CsvSource({
    "50%macs, 50%macs, 50 % of the MACs",
    "33.5%Params, 33.5%params, 33.5 % of the parameters",
    "40%channels, 40%channels, 40 % of the channels",
    "30%, 30%macs, 30 % of the MACs",
    "layer1=60%+ layer2.0.conv1=12.5%, layer1=60%+layer2.0.conv1=12.5%, '60 % of layer1, 12.5 % of layer2.0.conv1 (channels)'"
  })
  void formsAreRead(String text, String option, String words) {
    Cut cut = Cut.parse("--cut", text);
    assertEquals(option, cut.option());
    assertEquals(words, cut.toString());
    assertEquals(cut, Cut.parse("--cut", cut.option()));
  }

  @Test
  void theAmountIsWhatStays() {
    assertEquals(Budget.macs(0.7).toString(), Cut.parse("--cut", "30%macs").amount().toString());
    assertEquals(
        Budget.parameters(0.7).toString(), Cut.parse("--cut", "30%params").amount().toString());
    assertEquals(Ratios.of(0.3).toString(), Cut.parse("--cut", "30%channels").amount().toString());
  }

  @Test
  void layersThatAreNotNamedStayWhole() {
    Ratios expected = Ratios.of(0).with(0.6, "layer1").with(0.3, "layer2");
    Cut cut = Cut.parse("--cut", "layer1=60%+layer2=30%");
    assertEquals(expected.toString(), cut.amount().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "50",
        "0%",
        "0.0%macs",
        "100%",
        "-3%",
        "5 0%",
        "50%layers",
        "NaN%",
        "layer1=",
        "=30%",
        "layer1=100%",
        "layer1=30%+layer1=20%",
        "layer1=30%macs",
        "50%macs+layer1=30%"
      })
  void othersAreRefused(String text) {
    String said =
        assertThrows(IllegalArgumentException.class, () -> Cut.parse("--cut", text)).getMessage();
    assertTrue(said.contains("50%macs") && said.contains("'" + text + "'"), said);
  }

  @Test
  void listsHoldEachCutOnce() {
    assertEquals(
        List.of("30%macs", "40%channels"),
        Cut.list("--cuts", "30%, 40%channels").stream().map(Cut::option).toList());
    assertThrows(IllegalArgumentException.class, () -> Cut.list("--cuts", "30%,30%macs"));
  }
}
