//! What every end-to-end suite shares: a key in one of its forms, and a hand on its button.
