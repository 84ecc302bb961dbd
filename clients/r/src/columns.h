/* R's vectors as an Arrow record batch, lent, and a record batch as R's vectors. */
#pragma once

#include <Rinternals.h>

#include "arrow_abi.h"

/* Which rows of a longer input. */
struct slice {
  R_xlen_t first; /* from 0 */
  R_xlen_t rows;
};

/* Lends the slice of `columns`, a list of vectors or NULL (all missing), called `names`. Doubles and integers are not copied.
 * What is allocated is R's to free at the end of .Call(), so neither an R error nor the library leaves anything behind. */
void lend_columns(SEXP columns, SEXP names, struct slice slice, struct ArrowSchema* type, struct ArrowArray* batch);

/* A named list of vectors, copied. An R error for a type that libscoria does not answer in. */
SEXP columns_to_r(const struct ArrowSchema* type, const struct ArrowArray* batch);
