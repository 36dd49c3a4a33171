/**
 * The side-by-side comparison with other engines, started by {@code bench/compare}; compiled by the
 * Maven profile {@code peers} only, so that a plain build never downloads them.
 *
 * <p>A {@link org.espalier.bench.peers.Contest} is one piece of work done by two {@link
 * org.espalier.bench.peers.Side}s; a {@link org.espalier.bench.peers.Group} makes the contests of
 * one kind; {@link org.espalier.bench.peers.Duel} compares the outputs, then the times; {@link
 * org.espalier.bench.peers.Report} prints and writes what came out. A new kind of work is a new
 * group and a line in {@link org.espalier.bench.peers.Compare}. Whole networks reach libtorch by
 * {@link org.espalier.bench.peers.TorchNet}, which walks our modules.
 */
package org.espalier.bench.peers;
