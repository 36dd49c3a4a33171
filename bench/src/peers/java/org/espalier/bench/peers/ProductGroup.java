package org.espalier.bench.peers;

import java.util.ArrayList;
import java.util.List;
import org.espalier.tensor.kernel.KernelLookup;

/** Products without the Vector API: our scalar kernels against a library of plain Java. */
final class ProductGroup implements Group {
  @Override
  public List<Contest> contests(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (int n : new int[] {256, 512, 1024}) {
      Product product = Product.square(n);
      long seed = System.nanoTime();
      contests.add(
          new Contest(
              "product",
              product.name(),
              "ejml",
              () ->
                  new Sides(
                      new Product.Ours(product, KernelLookup.named("scalar"), seed),
                      new Product.Ejml(product, seed, threads))));
    }
    return contests;
  }
}
