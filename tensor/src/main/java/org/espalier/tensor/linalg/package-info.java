/**
 * Matrix decompositions in float64: {@link org.espalier.tensor.linalg.Svd}, {@link
 * org.espalier.tensor.linalg.Eigen} of symmetric matrices, {@link org.espalier.tensor.linalg.Qr}
 * and {@link org.espalier.tensor.linalg.Cholesky}.
 *
 * <p>Each takes a row-major matrix {@code [m, n]} of either floating type, which is not modified,
 * and answers with float64 tensors; {@code .to(DType.F32)} narrows them. Results are deterministic
 * to the bit: signs follow a stated convention and no sum depends on the number of threads. NaN and
 * infinite entries, empty matrices and other element types are refused; norms anywhere in the range
 * of a double are welcome, because every matrix is first scaled by a power of two.
 *
 * <p>Inside, a matrix is an array of rows, {@code double[m][n]}, and almost all work is one loop
 * that adds a combination of rows to a row ({@code Rows}): that loop the compiler vectorises.
 * References "Golub and Van Loan" are to <i>Matrix Computations</i>, 4th edition.
 */
package org.espalier.tensor.linalg;
