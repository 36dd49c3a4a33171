package org.espalier.cli.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import org.espalier.nn.Module;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.quant.QuantizationAwareTraining;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TechniquesTest {
  private static final Terms PLAIN = terms("sgd", 8, false, false);

  private static Terms terms(String optimizer, int epochs, boolean timed, boolean early) {
    return new Terms(OptimizerRecipe.parse(optimizer), epochs, timed, early, 0.1);
  }

  private static Techniques parse(String prune) {
    return Techniques.parse(TechniqueWords.pruning(prune));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "none | no pruning",
        "NONE | no pruning",
        "sfp:0.4 | sfp:0.4, zeros held in the last epoch",
        "rls:0.2,importance=weight-norm | rls:0.2, inputs pruned whenever the loss has recovered",
        "scl:0.01 | scl:0.01, connections learned",
        "SCL:lambda=1e-3 | scl:0.001, connections learned",
        "scl:0.01,ste=softplus,normalization=max-abs,warmup=0.5,target=0.95,freeze=2,initial=0.5,mask-rate=0.1,total,exclude=fc"
            + " | scl:0.01, connections learned towards 0.95 zeros, masks frozen in the last 2 epochs",
        "scl:0.01,ste=leaky-relu,slope=0.2 | scl:0.01, connections learned",
        "scl:0.01,ste=relu,demonstrate | scl:0.01, connections learned",
        "gmp:0.9 | gmp:0.9, smallest connections masked over 6 epochs",
        "gmp:0.9,ranking=local,begin=1,end=7.5,every=10,initial=0.1,exclude=conv1:fc"
            + " | gmp:0.9, smallest connections masked over 7.5 epochs",
        "gmp:2:4 | gmp:2:4, smallest connections masked over 6 epochs",
        "gmp:sparsity=0.5,block=4x1 | gmp:0.5, smallest connections masked over 6 epochs",
        "dns | dns:1.0, connections cut and spliced over 6 epochs",
        "dns:1.5,gamma=0.001,power=2,stop=4,biases | dns:1.5, connections cut and spliced over 4 epochs",
        "snip:0.95 | snip:0.95, connections masked before the first step",
      })
  void wordsAreReadAndDescribed(String words, String said) {
    Techniques techniques = parse(words);
    techniques.check(PLAIN);
    assertEquals(said, techniques.describe(8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "scl",
        "scl:",
        "scl:-1",
        "scl:NaN",
        "scl:abc",
        "scl:0.01,ste=relu",
        "scl:0.01,ste=step",
        "scl:0.01,ste=leaky-relu,slope=0",
        "scl:0.01,target=1",
        "scl:0.01,warmup=-1",
        "scl:0.01,freeze=-1",
        "scl:0.01,lambda=0.02",
        "gmp",
        "gmp:1",
        "gmp:4:2",
        "gmp:0:4",
        "gmp:2:4,ranking=local",
        "gmp:2:4,block=4x1",
        "gmp:0.9,block=4",
        "gmp:0.9,block=0x4",
        "gmp:0.9,block=4x1,ranking=global",
        "gmp:0.9,ranking=greedy",
        "gmp:0.9,begin=5,end=4",
        "gmp:0.9,every=0",
        "gmp:0.9,initial=1",
        "dns:abc",
        "dns:1,gamma=-1",
        "dns:1,stop=-1",
        "snip",
        "snip:1",
      })
  void otherWordsAreRefused(String words) {
    assertThrows(IllegalArgumentException.class, () -> parse(words));
  }

  private static void assertRefused(String said, Runnable body) {
    String message = assertThrows(IllegalArgumentException.class, body::run).getMessage();
    assertTrue(message.contains(said), message);
  }

  @Test
  void unknownWordsGetTheNearest() {
    assertRefused("did you mean 'snip'?", () -> parse("snipe:0.9"));
    assertRefused("did you mean 'ranking'?", () -> parse("gmp:0.9,rankin=local"));
    assertRefused("takes several runs", () -> parse("lottery:0.9"));
  }

  @Test
  void twoPrunersAreRefusedWithTheReason() {
    assertRefused("both choose which weights", () -> parse("sfp:0.4+gmp:0.9"));
    assertEquals(1, parse("scl:1e+0").all().size(), "an exponent is no technique");
  }

  private static Techniques lowRank(String words) {
    return Techniques.parse(new TechniqueWords("none", words, "none", null, null));
  }

  @Test
  void ranksAreChosenInOneWay() {
    assertEquals(
        "lrpet:0.57, projected onto low ranks after every epoch",
        lowRank("lrpet:0.57").describe(8));
    assertEquals(
        "lrpet:energy=0.9, projected onto low ranks after every 2 epochs",
        lowRank("lrpet:energy=0.9,epochs=2,transfer=false,rectify=false,linears").describe(8));
    assertEquals(
        "lrpet:ranks=4:8,floors=6:6,multiple=8, projected onto low ranks every 50 steps",
        lowRank("lrpet:ranks=4:8,steps=50,recalibrate=3,exclude=conv1,floors=6:6,multiple=8")
            .describe(8));
    for (String words :
        new String[] {
          "lrpet",
          "lrpet:1",
          "lrpet:0.5,energy=0.9",
          "lrpet:energy=0",
          "lrpet:ranks=4:x",
          "lrpet:0.5,epochs=0",
          "lrpet:0.5,steps=0",
          "lrpet:0.5,steps=5,epochs=2",
          "lrpet:0.5,recalibrate=0",
          "lrpet:0.5,floors=18",
          "lrpet:0.5,multiple=0",
          "lrpet:0.5,transfer=maybe",
          "tucker:0.5"
        }) {
      assertThrows(IllegalArgumentException.class, () -> lowRank(words), words);
    }
  }

  private static Techniques quantized(String words) {
    return Techniques.parse(new TechniqueWords("none", "none", words, null, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "qat",
        "qat:int8",
        "qat:int8,freeze=2,rate=0.05,first-last=false",
        "qat:4",
        "lsq:4",
        "lsq:bits=2,first-last",
        "dorefa:w=1,a=2",
        "dorefa:1,a=2,g=6",
        "binaryconnect",
        "binaryconnect:stochastic",
        "bnn",
        "bwn",
        "xnor:centered",
        "twn",
        "ttq:first-last"
      })
  void gridsAreReadAndDescribed(String words) {
    Techniques techniques = quantized(words);
    techniques.check(PLAIN);
    String said = techniques.describe(8);
    assertTrue(said.startsWith(words.split(":")[0]), said);
    assertTrue(said.endsWith(", rounded while it trains"), said);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int8",
        "qat:eight",
        "qat:0",
        "qat:int8,rate=0",
        "qat:int8,freeze=-1",
        "lsq",
        "lsq:9",
        "lsq:1",
        "dorefa",
        "dorefa:w=0",
        "dorefa:w=1,a=40",
        "binaryconnect:0.5",
        "xnor:center",
        "twn:0.7"
      })
  void otherGridsAreRefused(String words) {
    assertThrows(IllegalArgumentException.class, () -> quantized(words));
  }

  @Test
  void gridsThatDoNotGoWithTheRestAreRefused() {
    assertRefused("freeze", () -> quantized("qat:int8,freeze=9").check(PLAIN));
    assertRefused(
        "--minutes", () -> quantized("qat:int8,freeze=1").check(terms("sgd", 8, true, false)));
    assertRefused(
        "full rank again",
        () -> Techniques.parse(new TechniqueWords("none", "lrpet:0.5", "qat:4", null, null)));
    assertEquals(
        2,
        Techniques.parse(new TechniqueWords("none", "lrpet:0.5", "qat:int8", null, null))
            .all()
            .size());
  }

  private static Techniques taught(String distill) {
    return Techniques.parse(new TechniqueWords("none", "none", "none", "no/such/run", distill));
  }

  @Test
  void aTeachersAnswersCountAsTheyAreToldTo() {
    assertEquals("taught by no/such/run (T=4, a=0.9)", taught(null).describe(8));
    assertEquals(
        "taught by no/such/run (T=2, a=0.5) and what it computes inside",
        taught("T=2,a=0.5,hint=layer3:layer3,hint-weight=0.1").describe(8));
    for (String words :
        new String[] {"T=0", "a=2", "b=1", "hint=layer3", "hint-weight=1", "T=2,T=3"}) {
      assertThrows(IllegalArgumentException.class, () -> taught(words), words);
    }
    assertRefused(
        "--teacher",
        () -> Techniques.parse(new TechniqueWords("none", "none", "none", null, "T=4")));
    assertThrows(UncheckedIOException.class, () -> taught(null).check(PLAIN));
  }

  @Test
  void termsThatATechniqueCannotDoWithAreRefused() {
    assertRefused("--minutes", () -> parse("gmp:0.9").check(terms("sgd", 8, true, false)));
    assertRefused("--patience", () -> parse("gmp:0.9").check(terms("sgd", 8, false, true)));
    assertRefused("--patience", () -> parse("scl:0.01").check(terms("sgd", 8, false, true)));
    parse("scl:0.01,freeze=1").check(terms("sgd", 8, true, true));
    assertRefused("freeze", () -> parse("scl:0.01,freeze=8").check(PLAIN));
    assertRefused("end", () -> parse("gmp:0.9,end=9").check(PLAIN));
    assertRefused("--minutes", () -> parse("dns").check(terms("sgd", 8, true, false)));
    parse("dns:1,stop=1").check(terms("sgd", 8, true, false));
    assertRefused("--patience", () -> parse("dns").check(terms("sgd", 8, false, true)));
    parse("snip:0.9").check(terms("sgd", 8, true, true));
    assertRefused("its matrices", () -> parse("snip:0.9").check(terms("rls", 8, false, false)));
    assertRefused("--optimizer rls keeps", () -> parse("rls:0.2").check(PLAIN));
  }

  @Test
  void hintsAtWhatTrainingForIntegersFoldsAreRefused() {
    Module model = ResNet.cifar(8, 4).initialize(1);
    Teaching teaching = Teaching.parse("nowhere", "hint=bn1:bn1");
    teaching.prepare(model, null);
    QuantizationAwareTraining.int8(Shape.of(8, 8, 3)).attach(model);
    assertRefused("hint=bn1:bn1", () -> teaching.prepare(model, null));
    Teaching.parse("nowhere", "hint=layer1:layer1").prepare(model, null);
  }
}
