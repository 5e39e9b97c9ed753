//! Medians, ratios and how they are printed.

use std::time::Duration;

/// A middle value with its lowest and highest.
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (lowest, highest) = (values[0], values[values.len() - 1]);
        Self {
            median: values[values.len() / 2],
            lowest,
            highest,
        }
    }

    /// Of `left / right`, round by round.
    pub(crate) fn of_ratios(left: &[f64], right: &[f64]) -> Self {
        Self::of(left.iter().zip(right).map(|(left, right)| left / right))
    }

    /// As `1.02 (0.97 to 1.10)`.
    pub(crate) fn ratio(&self) -> String {
        format!("{:.2} ({:.2} to {:.2})", self.median, self.lowest, self.highest)
    }
}

/// Prints rows under headings, each column as wide as it must be; all but the first are set right.
pub(crate) fn print_table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0).max(headings[column].chars().count())
    };
    let print = |row: [&str; N]| {
        for (column, cell) in row.into_iter().enumerate() {
            let width = width(column);
            match column {
                0 => print!("  {cell:<width$}"),
                _ => print!("   {cell:>width$}"),
            }
        }
        println!();
    };
    print(headings);
    for row in rows {
        print(row.each_ref().map(String::as_str));
    }
}

pub(crate) fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.2} MiB", bytes as f64 / f64::from(1 << 20))
}
