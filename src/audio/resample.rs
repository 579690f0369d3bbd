//! placeholder
#[derive(Clone, Debug, Default)]
pub struct Up;
impl Up {
    pub const fn new() -> Self {
        Self
    }
    pub fn up(&mut self, narrow: &[i16], wide: &mut [i16]) {
        for (n, w) in wide.iter_mut().enumerate() {
            *w = narrow[n / 2]
        }
    }
}
#[derive(Clone, Debug, Default)]
pub struct Down;
impl Down {
    pub const fn new() -> Self {
        Self
    }
    pub fn down(&mut self, wide: &[i16], narrow: &mut [i16]) {
        for (n, w) in narrow.iter_mut().enumerate() {
            *w = wide[2 * n]
        }
    }
}
