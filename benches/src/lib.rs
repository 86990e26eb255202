//! What every measurement needs: generated events, reports as Markdown tables, CPU time and memory
//! of processes, rivals. The measurements themselves are the bench targets of this package.

pub mod answers;
pub mod ceiling;
pub mod counted;
pub mod generate;
pub mod headwater;
pub mod measure;
pub mod report;
pub mod rivals;
pub mod senders;
pub mod served;
pub mod settings;
