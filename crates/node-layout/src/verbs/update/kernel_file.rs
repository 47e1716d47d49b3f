//! What a kernel's own header says, before anything boots it: for which machine it is, and whether it is signed.
//!
//! A kernel that UEFI can start is a PE file (UEFI 2.10, 2.1.1; Microsoft's PE format, "COFF File Header", "Optional Header Data
//! Directories").

use crate::boot::efi::secure_boot_is_enforced;
use node_base::diagnostic::{Finding, Findings, layout};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The machines for which there are images, by their numbers.
const MACHINES: [(u16, &str); 5] =
    [(0x8664, "x86_64"), (0x014c, "i386"), (0xaa64, "aarch64"), (0x5064, "riscv64"), (0x6264, "loongarch64")];
/// The header is in this many bytes at the beginning.
const BEGINNING: u64 = 4096;
/// Which of the data directories is that of signatures.
const SIGNATURES: usize = 4;

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    machine: u16,
    is_signed: bool,
}

/// Checks the kernel of an image, `version`, against this machine. Nothing is said about a kernel without such a header.
pub(super) fn check(
    kernel: &Path,
    version: &str,
    architecture: &str,
    environment: &Path,
    findings: &mut Findings,
) {
    let Some(header) = read(kernel) else { return };
    let machine = MACHINES.iter().find(|(number, _)| *number == header.machine).map(|(_, name)| *name);
    if let Some(machine) = machine.filter(|machine| *machine != architecture) {
        let message =
            format!("kernel {version} of the image is for {machine}, and this machine is {architecture}");
        findings.push(Finding::new(&layout::ARCHITECTURE, message).help("give the image for this machine"));
    }
    if !header.is_signed && secure_boot_is_enforced(environment) {
        let message =
            format!("Secure Boot is on, and kernel {version} of the image is not signed: it would not start");
        findings.push(
            Finding::new(&layout::IMAGE_CONTENT, message)
                .help("build the image with a signed kernel, or turn Secure Boot off in the firmware (or by mokutil --disable-validation)"),
        );
    }
}

fn read(kernel: &Path) -> Option<Header> {
    let mut bytes = Vec::new();
    File::open(kernel).ok()?.take(BEGINNING).read_to_end(&mut bytes).ok()?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Option<Header> {
    let short = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?));
    if !bytes.starts_with(b"MZ") {
        return None;
    }
    let pe = usize::try_from(word(0x3c)?).ok()?;
    if bytes.get(pe..pe.checked_add(4)?)? != b"PE\0\0" {
        return None;
    }
    let optional = pe + 24;
    let directories = match short(optional)? {
        0x10b => optional + 96,
        0x20b => optional + 112,
        _ => return None,
    };
    let count = usize::try_from(word(directories - 4)?).ok()?;
    let size = word(directories + SIGNATURES * 8 + 4).filter(|_| count > SIGNATURES);
    Some(Header { machine: short(pe + 4)?, is_signed: size.is_some_and(|size| size > 0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a kernel.
    fn kernel(machine: u16, is_signed: bool) -> Vec<u8> {
        let mut bytes = vec![0; 0x200];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3c] = 0x40;
        bytes[0x40..0x44].copy_from_slice(b"PE\0\0");
        bytes[0x44..0x46].copy_from_slice(&machine.to_le_bytes());
        bytes[0x58..0x5a].copy_from_slice(&0x20b_u16.to_le_bytes());
        bytes[0xc4] = 6;
        bytes[0xec..0xf0].copy_from_slice(&(u32::from(is_signed) * 1000).to_le_bytes());
        bytes
    }

    #[test]
    fn a_header_says_for_what_a_kernel_is_and_whether_it_is_signed() {
        assert_eq!(parse(&kernel(0x8664, true)), Some(Header { machine: 0x8664, is_signed: true }));
        assert_eq!(parse(&kernel(0xaa64, false)), Some(Header { machine: 0xaa64, is_signed: false }));
        for damage in [0, 0x3c, 0x40, 0x58] {
            let mut bytes = kernel(0x8664, true);
            bytes[damage] ^= 0xff;
            assert_eq!(parse(&bytes), None, "{damage:#x}");
        }
        for length in 0..0xf0 {
            assert!(parse(&kernel(0x8664, true)[..length]).is_none_or(|header| !header.is_signed));
        }
        let mut far = kernel(0x8664, true);
        far[0x3c..0x40].fill(0xff);
        assert_eq!(parse(&far), None);
    }

    #[test]
    fn what_would_not_start_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let variables = dir.path().join("sys/firmware/efi/efivars");
        std::fs::create_dir_all(&variables).unwrap();
        let file = dir.path().join("vmlinuz");
        let said = |kernel: &[u8]| {
            std::fs::write(&file, kernel).unwrap();
            let mut findings = Findings::new();
            check(&file, "6.1", "x86_64", dir.path(), &mut findings);
            findings.iter().map(|f| f.message.clone()).collect::<Vec<_>>()
        };
        let (signed, unsigned) = (kernel(0x8664, true), kernel(0x8664, false));
        assert_eq!(
            said(&kernel(0xaa64, true)),
            ["kernel 6.1 of the image is for aarch64, and this machine is x86_64"]
        );
        assert!(said(&unsigned).is_empty() && said(b"not a kernel").is_empty());
        let secure = variables.join("SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
        std::fs::write(&secure, [6, 0, 0, 0, 1]).unwrap();
        assert_eq!(
            said(&unsigned),
            ["Secure Boot is on, and kernel 6.1 of the image is not signed: it would not start"]
        );
        assert!(said(&signed).is_empty() && said(b"not a kernel").is_empty());
        // shim asks no signature any more.
        let shim = variables.join("MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23");
        std::fs::write(shim, [6, 0, 0, 0, 1]).unwrap();
        assert!(said(&unsigned).is_empty());
        std::fs::write(&secure, [6, 0, 0, 0, 0]).unwrap();
        assert!(said(&unsigned).is_empty());
    }
}
