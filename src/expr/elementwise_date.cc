#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "expr/convert.h"
#include "expr/date.h"
#include "expr/elementwise.h"

namespace scoria::expr {
namespace {

using table::Column;
using table::ColumnPtr;
using table::Type;

// A column's rows as moments: text in ISO form, numbers as days since 1970.
class Moments {
 public:
  explicit Moments(const ColumnPtr& column)
      : column_(column->type() == Type::factor                                       ? to_text(column)
                : column->type() == Type::integer || column->type() == Type::logical ? to_real(column)
                                                                                     : column) {}

  std::optional<Moment> at(std::size_t row) const {
    row = column_->size() == 1 ? 0 : row;
    if (column_->is_null(row)) return std::nullopt;
    return column_->type() == Type::text ? parse_moment(column_->text_at(row)) : moment_of_days(column_->reals()[row]);
  }

 private:
  ColumnPtr column_;
};

// Text for every moment; NA for what is none.
template <typename F>
ColumnPtr texts(const Call& call, F text) {
  const Moments moments(call.args[0]);
  TextRows rows(call.size);
  for (std::size_t row = 0; row < call.size; ++row) {
    if (const auto moment = moments.at(row)) {
      rows.add(text(*moment));
    } else {
      rows.add_null();
    }
  }
  return rows.finish();
}

bool is_abbreviated(const Call& call) {
  return call.args[1] != nullptr && !call.args[1]->is_null(0) && to_logical(call.args[1])->logicals()[0] != 0;
}

}  // namespace

Result<ColumnPtr> as_date(const Call& call) {
  const ColumnPtr x = call.args[0]->type() == Type::factor ? to_text(call.args[0]) : call.args[0];
  if (x->type() != Type::text) return to_real(x);
  std::vector<double> days(call.size, 0.0);
  NullRows nulls(call.size);
  const Column* format = call.args[1].get();
  for (std::size_t row = 0; row < call.size; ++row) {
    const std::size_t at = x->size() == 1 ? 0 : row;
    std::optional<Moment> moment;
    if (!x->is_null(at))
      moment = format == nullptr ? parse_moment(x->text_at(at)) : parse_moment(x->text_at(at), format->text_at(0));
    if (moment) {
      days[row] = static_cast<double>(moment->days);
    } else {
      nulls.add(row);
    }
  }
  return Column::real(std::move(days), nulls.take());
}

Result<ColumnPtr> format_date(const Call& call) {
  if (call.args[1]->size() != 1 || call.args[1]->is_null(0))
    return Error{Code::invalid, "format() needs a format such as \"%Y\""};
  const std::string format(call.args[1]->text_at(0));
  return texts(call, [&](const Moment& moment) { return format_moment(moment, format); });
}

Result<ColumnPtr> weekdays_of(const Call& call) {
  const std::size_t length = is_abbreviated(call) ? 3 : std::string_view::npos;
  return texts(call, [&](const Moment& moment) { return weekday_name(weekday(moment)).substr(0, length); });
}

Result<ColumnPtr> months_of(const Call& call) {
  const std::size_t length = is_abbreviated(call) ? 3 : std::string_view::npos;
  return texts(call, [&](const Moment& moment) { return month_name(month(moment)).substr(0, length); });
}

Result<ColumnPtr> quarters_of(const Call& call) {
  // R pastes "Q" before whatever comes, NA too.
  const Moments moments(call.args[0]);
  TextRows rows(call.size);
  for (std::size_t row = 0; row < call.size; ++row) {
    const auto moment = moments.at(row);
    rows.add("Q" + (moment ? std::to_string((month(*moment) + 2) / 3) : "NA"));
  }
  return rows.finish();
}

Result<ColumnPtr> time_difference(const Call& call) {
  const Column& given = *call.args[3];
  const std::string_view units = given.is_null(0) ? std::string_view{} : given.text_at(0);
  const Column* zone = call.args[2].get();
  const bool is_utc = zone == nullptr || (zone->type() == Type::text && !zone->is_null(0) &&
                                          (zone->text_at(0) == "UTC" || zone->text_at(0) == "GMT"));
  if (!is_utc) return Error{Code::invalid, "difftime()'s tz must be \"UTC\""};
  const double unit = units == "days"    ? 86400
                      : units == "weeks" ? 604800
                      : units == "hours" ? 3600
                      : units == "mins"  ? 60
                      : units == "secs"  ? 1
                                         : 0;
  if (unit == 0) return Error{Code::invalid, "difftime()'s units must be secs, mins, hours, days or weeks"};
  const Moments left(call.args[0]);
  const Moments right(call.args[1]);
  std::vector<double> out(call.size, 0.0);
  NullRows nulls(call.size);
  for (std::size_t row = 0; row < call.size; ++row) {
    const auto a = left.at(row);
    const auto b = right.at(row);
    if (a && b) {
      out[row] = (static_cast<double>(a->days - b->days) * 86400 + (a->seconds - b->seconds)) / unit;
    } else {
      nulls.add(row);
    }
  }
  return Column::real(std::move(out), nulls.take());
}

}  // namespace scoria::expr
